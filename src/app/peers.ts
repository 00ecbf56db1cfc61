import type { Context } from 'hono'
import type { Clock } from '../kernel/time.ts'
import { isInner, isWithin, type Network } from '../platform/http/addresses.ts'
import { rateLimiter } from '../platform/http/limits.ts'
import { countedAs, peerOf } from '../platform/http/peer.ts'
import type { Log } from '../platform/log.ts'

/**
 * What one peer may ask for without a key: pages, signed orders, documents. A payment takes a payer six requests, so this is 160 payers at
 * once and 16 a second behind one address: far above an office or a mobile operator's gateway on the last day, far below what one process serves.
 */
const PEER_RATE = { perSecond: 100, burst: 1_000 }

/**
 * Not counted by peer. `/psp`: a bank's message is dearer than the load it makes, and what proves nothing is held back after it was verified,
 * by agreement. `/v1`: by API key. Files cost nothing, and whoever watches the hub must not be told to wait.
 */
const UNCOUNTED = /^\/(psp|assets|look|healthz|readyz|metrics)(\/|$)|^\/v1\/(?!openapi\.json$)/

export type PeerParts = {
  readonly trustedProxies: readonly Network[]
  readonly clock: Clock
  readonly log: Log
  /** Says that it is too many, with the headers that tell when to go on. */
  tooMany(c: Context, waitSeconds: number): Response | Promise<Response>
}

/** Answers 429 to a peer that asks too much; kept in this process, for 10,000 peers. */
export const limitedByPeer = ({ trustedProxies, clock, log, tooMany }: PeerParts) => {
  const limiter = rateLimiter(PEER_RATE, clock)
  let warned = false
  return async (c: Context, next: () => Promise<void>): Promise<Response | undefined> => {
    if (!UNCOUNTED.test(c.req.path)) {
      const given: unknown = c.env?.peer
      const connected = typeof given === 'string' ? given : ''
      const forwardedFor = c.req.header('x-forwarded-for')
      const peer = peerOf(connected, forwardedFor, trustedProxies)
      // A proxy of which we know nothing brings all payers: counted as one peer it would lock them all out.
      const unknownProxy = isInner(connected) && !isWithin(connected, trustedProxies)
      // Nor does one of ours that does not say for whom it asks.
      const silentProxy = isWithin(peer, trustedProxies)
      if (unknownProxy && forwardedFor !== undefined && !warned) {
        warned = true
        log.warn({}, 'requests come through a proxy that EBIZNESS_TRUSTED_PROXIES does not name: no peer is limited')
      }
      const counted = unknownProxy || silentProxy ? undefined : countedAs(peer)
      const waitSeconds = counted === undefined ? 0 : limiter.take(counted)
      if (waitSeconds > 0) return tooMany(c, waitSeconds)
    }
    await next()
    return undefined
  }
}
