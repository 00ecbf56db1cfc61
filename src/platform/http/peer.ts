import { addressOf, isWithin, type Network } from './addresses.ts'

/**
 * Who asks, when requests may come through proxies. `X-Forwarded-For` is what its writers say: only those that the configuration trusts
 * are believed, each for the one entry it added, so the rightmost address that is not a trusted proxy's is the peer. Pure.
 */
export const peerOf = (connected: string, forwardedFor: string | undefined, trusted: readonly Network[]): string => {
  let peer = connected
  const hops = (forwardedFor ?? '').slice(-MAX_READ).split(',')
  while (hops.length > 0 && isWithin(peer, trusted)) {
    const hop = bare(hops.pop() ?? '')
    // Something else than an address stands there: whoever wrote it is the last one we know.
    if (addressOf(hop) === undefined) return peer
    peer = hop
  }
  return peer
}

/** What a chain of proxies needs at most; the right end of a longer line is the one that counts. */
const MAX_READ = 1_000

/** Some proxies add the port: `198.51.100.7:4711`, `[2001:db8::7]:4711`. */
const bare = (hop: string): string => {
  const text = hop.trim()
  return /^\[([^\]]*)\](?::\d{1,5})?$/.exec(text)?.[1] ?? /^(\d+\.\d+\.\d+\.\d+):\d{1,5}$/.exec(text)?.[1] ?? text
}

/** Whom a limit counts together: an IPv4 address, however it is written, or the /64 that one subscriber has of IPv6. Undefined: no address. */
export const countedAs = (peer: string): string | undefined => {
  const number = addressOf(peer)
  if (number === undefined) return undefined
  const isV4 = number >> 32n === 0xffffn
  return (isV4 ? number : number >> 64n).toString(36)
}
