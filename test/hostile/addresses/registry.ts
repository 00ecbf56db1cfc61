import { BlockList, isIP } from 'node:net'

/**
 * IANA's special-purpose address registries, read from their RFCs once more and asked by Node's own code: a second opinion beside
 * `platform/http/addresses.ts`, which it must not be made of.
 */
const SPECIAL: readonly (readonly [first: string, bits: number, kind: string])[] = [
  ['0.0.0.0', 8, 'this network'], // RFC 791 §3.2
  ['10.0.0.0', 8, 'private'], // RFC 1918
  ['100.64.0.0', 10, 'shared'], // RFC 6598
  ['127.0.0.0', 8, 'loopback'], // RFC 1122 §3.2.1.3
  ['169.254.0.0', 16, 'link-local'], // RFC 3927
  ['172.16.0.0', 12, 'private'], // RFC 1918
  ['192.0.0.0', 24, 'protocol assignments'], // RFC 6890 §2.1
  ['192.0.2.0', 24, 'documentation'], // RFC 5737
  ['192.88.99.0', 24, '6to4 relays'], // RFC 7526
  ['192.168.0.0', 16, 'private'], // RFC 1918
  ['198.18.0.0', 15, 'benchmarking'], // RFC 2544
  ['198.51.100.0', 24, 'documentation'], // RFC 5737
  ['203.0.113.0', 24, 'documentation'], // RFC 5737
  ['224.0.0.0', 4, 'multicast'], // RFC 5771
  ['240.0.0.0', 4, 'reserved'], // RFC 1112 §4, RFC 8190
  ['64:ff9b:1::', 48, 'local NAT64'], // RFC 8215
  ['100::', 64, 'discard'], // RFC 6666
  ['2001::', 23, 'protocol assignments'], // RFC 2928, Teredo in it: RFC 4380
  ['2001:db8::', 32, 'documentation'], // RFC 3849
  ['3fff::', 20, 'documentation'], // RFC 9637
  ['5f00::', 16, 'segment routing'], // RFC 9602
  ['fc00::', 7, 'unique local'], // RFC 4193
  ['fe80::', 10, 'link-local'], // RFC 4291 §2.5.6
  ['fec0::', 10, 'site-local'], // RFC 3879
  ['ff00::', 8, 'multicast'], // RFC 4291 §2.7
]

const listOf = (first: string, bits: number): BlockList => {
  const list = new BlockList()
  list.addSubnet(first, bits, isIP(first) === 4 ? 'ipv4' : 'ipv6')
  return list
}

const RANGES = SPECIAL.map(([first, bits, kind]) => ({ family: isIP(first), kind, list: listOf(first, bits) }))
/** RFC 4291 §2.4: what is given out to anybody. */
const GLOBAL = listOf('2000::', 3)

/** Where ranges begin, by family: their edges are where a mistake would be. */
export const beginnings = (family: 4 | 6): readonly (readonly [first: string, bits: number])[] =>
  SPECIAL.filter(([first]) => isIP(first) === family).map(([first, bits]) => [first, bits])

/** Of which kind a closed address is; undefined for a public one. An IPv4 address within an IPv6 one is not looked for. */
export const kindOf = (address: string): string | undefined => {
  const family = isIP(address)
  const name = family === 4 ? 'ipv4' : 'ipv6'
  const special = RANGES.find((range) => range.family === family && range.list.check(address, name))
  return special?.kind ?? (family === 4 || GLOBAL.check(address, name) ? undefined : 'unassigned')
}
