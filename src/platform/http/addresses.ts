import { isIP } from 'node:net'
import { fail, ok, type Result } from '../../kernel/result.ts'

/**
 * Which network addresses the hub may call. Pure: the address is what a name resolved to, judged at the moment of connecting, so that
 * a name which changes its answer (DNS rebinding) gains nothing.
 */
export type OutboundPolicy = {
  /** Loopback may be called, also by plain http. */
  readonly testMode: boolean
  /** Networks that the operator's configuration names, as CIDR (`10.20.0.0/16`, `fd12:3456::/48`). */
  readonly allowedNetworks: readonly Network[]
}

/** A range of addresses. IPv4 lies in `::ffff:0:0/96`, so that both families are one line of numbers. */
export type Network = { readonly text: string; readonly first: bigint; readonly last: bigint }

/** Why an address must not be called, in words for an operator; undefined when it may. */
export const refusalOf = (address: string, scheme: 'http' | 'https', policy: OutboundPolicy): string | undefined => {
  const number = addressOf(address)
  if (number === undefined) return `${address} is not an IP address`
  const meant = unwrap(number)
  if (isMetadata(number)) return `${address} is a cloud's metadata service`
  const loopback = within(meant, LOOPBACK) !== undefined
  if (scheme === 'http') {
    return loopback && policy.testMode ? undefined : `plain http is for loopback in test mode only, not for ${address}`
  }
  if (loopback && policy.testMode) return undefined
  if (within(meant, policy.allowedNetworks)) return undefined
  const closed = within(meant, CLOSED)
  if (closed) return `${address} is in ${closed.text} (${closed.why}), which the configuration does not allow`
  return within(meant, OPEN) ? undefined : `${address} is not a public address`
}

/** Whether it is this very machine. */
export const isLoopback = (address: string): boolean => {
  const number = addressOf(address)
  return number !== undefined && within(unwrap(number), LOOPBACK) !== undefined
}

/** Reads `address/length`. Errors: a sentence that says what is wrong. */
export const parseNetwork = (text: string): Result<Network, string> => {
  const [address = '', length = '', ...rest] = text.trim().split('/')
  const number = addressOf(address)
  const size = isIP(address) === 4 ? 32 : 128
  const bits = /^\d{1,3}$/.test(length) ? Number(length) : Number.NaN
  if (number === undefined || rest.length > 0 || !(bits <= size)) {
    return fail(`"${text}" is not a network: write it as 10.20.0.0/16 or fd12:3456::/48`)
  }
  const span = 1n << BigInt(size - bits)
  return number % span === 0n
    ? ok({ text: text.trim(), first: number, last: number + span - 1n })
    : fail(`"${text}" has bits set after its length of ${bits}`)
}

export const isWithin = (text: string, networks: readonly Network[]): boolean => {
  const number = addressOf(text)
  return number !== undefined && within(number, networks) !== undefined
}

/** Whether it is this machine, or of a network that is not the internet: where a proxy in front has its address. */
export const isInner = (text: string): boolean => {
  const number = addressOf(text)
  if (number === undefined) return false
  const meant = unwrap(number)
  return within(meant, LOOPBACK) !== undefined || INNER.has(within(meant, CLOSED)?.why ?? '')
}

const V4 = 0xffff_0000_0000n

/** The address as a number of 128 bits, IPv4 as `::ffff:0:0/96`. Undefined when the text is not an IP address. */
export const addressOf = (text: string): bigint | undefined => {
  const family = isIP(text)
  if (family === 4) return V4 + parseV4(text)
  if (family !== 6 || text.includes('%')) return undefined
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text)
  const plain = dotted ? `${dotted[1]}${tail(parseV4(dotted[2] ?? ''))}` : text
  const [left = '', right] = plain.split('::')
  const head = left === '' ? [] : left.split(':')
  const back = right === undefined || right === '' ? [] : right.split(':')
  const zeros: readonly string[] = Array(8 - head.length - back.length).fill('0')
  return [...head, ...zeros, ...back].reduce((sum, part) => (sum << 16n) + BigInt(`0x${part}`), 0n)
}

const parseV4 = (text: string): bigint => text.split('.').reduce((sum, part) => (sum << 8n) + BigInt(part), 0n)
const tail = (v4: bigint): string => `${(v4 >> 16n).toString(16)}:${(v4 & 0xffffn).toString(16)}`

/** IPv4 inside IPv6 is judged as the IPv4 address a packet would reach. Bits that follow it: the shift. */
const unwrap = (address: bigint): bigint => {
  const wrapped = within(address, WRAPPED)
  return wrapped ? V4 + ((address >> wrapped.shift) & 0xffff_ffffn) : address
}

/** No configuration opens these, so every way of writing an IPv4 address into an IPv6 one counts, whoever runs the translator. */
const isMetadata = (address: bigint): boolean => {
  const embedded = within(address, V4_ALONE) ? [] : EMBEDDINGS.map((inside) => V4 + inside(address))
  return [address, unwrap(address), ...embedded].some((meant) => within(meant, METADATA) !== undefined)
}

const within = <Range extends Network>(address: bigint, ranges: readonly Range[]): Range | undefined =>
  ranges.find((range) => address >= range.first && address <= range.last)

const network = (text: string): Network => {
  const parsed = parseNetwork(text)
  if (!parsed.ok) throw new Error(parsed.error)
  return parsed.value
}

const WRAPPED = [
  { ...network('::/96'), shift: 0n }, // IPv4-compatible, RFC 4291 §2.5.5.1
  { ...network('64:ff9b::/96'), shift: 0n }, // NAT64, RFC 6052
  { ...network('::ffff:0:0:0/96'), shift: 0n }, // IPv4-translated, RFC 2765
  { ...network('2002::/16'), shift: 80n }, // 6to4, RFC 3056
]

/** `::1` and `::` fall in `::/96`, and so are judged as 0.0.0.1 and 0.0.0.0. */
const LOOPBACK = [network('127.0.0.0/8'), network('0.0.0.1/32')]

const V4_ALONE = [network('::ffff:0:0/96')]

/** RFC 6052 §2.2 for prefixes of 96, 64, 56 and 48 bits, and Teredo's client (RFC 4380 §4), whose bits are turned. */
const EMBEDDINGS: readonly ((address: bigint) => bigint)[] = [
  (address) => address & 0xffff_ffffn,
  (address) => (address >> 24n) & 0xffff_ffffn,
  (address) => (((address >> 64n) & 0xffn) << 24n) | ((address >> 32n) & 0xff_ffffn),
  (address) => (((address >> 64n) & 0xffffn) << 16n) | ((address >> 40n) & 0xffffn),
  (address) => ~address & 0xffff_ffffn,
]

/** Always refused, whatever the configuration names. */
const METADATA = [
  '169.254.169.254/32', // AWS, Azure, GCP, OpenStack, DigitalOcean, Hetzner
  '169.254.170.2/32', // AWS container credentials
  '169.254.170.23/32', // AWS EKS pod identity
  '169.254.42.42/32', // Scaleway
  '169.254.0.23/32', // Tencent
  '169.254.169.250/32', // Rancher
  '100.100.100.200/32', // Alibaba
  '192.0.0.192/32', // Oracle
  '168.63.129.16/32', // Azure's wire server, a public address
  'fd00:ec2::254/128', // AWS
  'fd00:ec2::23/128', // AWS EKS pod identity
  'fd20:ce::254/128', // GCP
  'fd00:42::42/128', // Scaleway
  'fd00:a9fe:a9fe::1/128', // Akamai
].map(network)

/** IANA's special-purpose registries (RFC 6890 and its updates), without what is globally reachable. */
const CLOSED = [
  ['0.0.0.0/8', 'this network'],
  ['10.0.0.0/8', 'private'],
  ['100.64.0.0/10', 'carrier-grade NAT'],
  ['127.0.0.0/8', 'loopback'],
  ['169.254.0.0/16', 'link-local'],
  ['172.16.0.0/12', 'private'],
  ['192.0.0.0/24', 'protocol assignments'],
  ['192.0.2.0/24', 'documentation'],
  ['192.88.99.0/24', '6to4 relays'],
  ['192.168.0.0/16', 'private'],
  ['198.18.0.0/15', 'benchmarking'],
  ['198.51.100.0/24', 'documentation'],
  ['203.0.113.0/24', 'documentation'],
  ['224.0.0.0/4', 'multicast'],
  ['240.0.0.0/4', 'reserved and broadcast'],
  ['64:ff9b:1::/48', 'local NAT64'],
  ['100::/64', 'discard'],
  ['2001::/23', 'protocol assignments, Teredo'],
  ['2001:db8::/32', 'documentation'],
  ['3fff::/20', 'documentation'],
  ['fc00::/7', 'unique local'],
  ['fe80::/10', 'link-local'],
  ['fec0::/10', 'site-local'],
  ['ff00::/8', 'multicast'],
].map(([text = '', why = '']) => ({ ...network(text), why }))

/** What of that is somebody's own network. */
const INNER = new Set(['private', 'loopback', 'carrier-grade NAT', 'link-local', 'unique local'])

/** Everything else of IPv6 is unassigned (RFC 4291 §2.4): only global unicast is called. */
const OPEN = [...V4_ALONE, network('2000::/3')]
