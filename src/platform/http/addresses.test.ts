import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { isInner, type OutboundPolicy, parseNetwork, refusalOf } from './addresses.ts'

const policy = (testMode: boolean, ...networks: readonly string[]): OutboundPolicy => ({
  testMode,
  allowedNetworks: networks.map((text) => {
    const parsed = parseNetwork(text)
    if (!parsed.ok) throw new Error(parsed.error)
    return parsed.value
  }),
})

const live = policy(false)
const named = policy(false, '10.20.0.0/16', '127.0.0.0/8', '169.254.0.0/16', '100.64.0.0/10', 'fd00::/8', '0.0.0.0/0')

describe('over https in live mode', () => {
  test.each([
    '1.1.1.1',
    '8.8.8.8',
    '9.255.255.255',
    '11.0.0.0',
    '100.63.255.255',
    '100.128.0.0',
    '126.255.255.255',
    '128.0.0.0',
    '169.253.255.255',
    '172.15.255.255',
    '172.32.0.0',
    '192.167.255.255',
    '192.169.0.0',
    '198.17.255.255',
    '198.20.0.0',
    '223.255.255.255',
    '2001:4860:4860::8888',
    '2a00:1450:4001::200e',
    '2606:4700::1111',
    '::ffff:8.8.8.8',
    '64:ff9b::8.8.8.8',
    '2002:808:808::1',
  ])('%s may be called', (address) => {
    expect(refusalOf(address, 'https', live)).toBeUndefined()
  })

  test.each([
    ['0.0.0.0', 'this network'],
    ['0.1.2.3', 'this network'],
    ['10.0.0.0', 'private'],
    ['10.255.255.255', 'private'],
    ['100.64.0.0', 'carrier-grade NAT'],
    ['100.127.255.255', 'carrier-grade NAT'],
    ['127.0.0.1', 'loopback'],
    ['127.255.255.255', 'loopback'],
    ['169.254.0.1', 'link-local'],
    ['172.16.0.1', 'private'],
    ['172.31.255.255', 'private'],
    ['192.0.0.8', 'protocol assignments'],
    ['192.0.2.7', 'documentation'],
    ['192.88.99.1', '6to4 relays'],
    ['192.168.0.1', 'private'],
    ['192.168.255.255', 'private'],
    ['198.18.0.1', 'benchmarking'],
    ['198.19.255.255', 'benchmarking'],
    ['198.51.100.1', 'documentation'],
    ['203.0.113.1', 'documentation'],
    ['224.0.0.1', 'multicast'],
    ['239.255.255.255', 'multicast'],
    ['240.0.0.1', 'reserved'],
    ['255.255.255.255', 'broadcast'],
    ['::', 'this network'],
    ['::1', 'this network'],
    ['::127.0.0.1', 'loopback'],
    ['::ffff:127.0.0.1', 'loopback'],
    ['::ffff:7f00:1', 'loopback'],
    ['::FFFF:192.168.1.1', 'private'],
    ['0:0:0:0:0:ffff:0a00:0001', 'private'],
    ['::ffff:0:10.0.0.1', 'private'],
    ['64:ff9b::10.0.0.1', 'private'],
    ['64:ff9b::7f00:1', 'loopback'],
    ['64:ff9b:1::10.0.0.1', 'local NAT64'],
    ['2002:7f00:1::', 'loopback'],
    ['2002:c0a8:101::1', 'private'],
    ['2001::1', 'Teredo'],
    ['2001:0:4136:e378:8000:63bf:3fff:fdd2', 'Teredo'],
    ['2001:db8::1', 'documentation'],
    ['3fff::1', 'documentation'],
    ['100::1', 'discard'],
    ['fc00::1', 'unique local'],
    ['fd12:3456:789a::1', 'unique local'],
    ['fe80::1', 'link-local'],
    ['febf::1', 'link-local'],
    ['fec0::1', 'site-local'],
    ['ff02::1', 'multicast'],
    ['4000::1', 'not a public address'],
    ['::2:0:0:1', 'not a public address'],
    ['fe80::1%eth0', 'not an IP address'],
    ['localhost', 'not an IP address'],
    ['', 'not an IP address'],
    ['127.1', 'not an IP address'],
    ['0x7f000001', 'not an IP address'],
  ])('%s is refused: %s', (address, why) => {
    expect(refusalOf(address, 'https', live)).toContain(why)
  })
})

describe('cloud metadata is refused whatever the configuration names', () => {
  test.each([
    '169.254.169.254',
    '169.254.170.2',
    '169.254.170.23',
    '100.100.100.200',
    '192.0.0.192',
    '168.63.129.16',
    'fd00:ec2::254',
    'fd00:ec2::23',
    'fd20:ce::254',
    '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe',
    '64:ff9b::169.254.169.254',
    '2002:a9fe:a9fe::1',
    '::169.254.169.254',
  ])('%s', (address) => {
    expect(refusalOf(address, 'https', named)).toContain('metadata')
    expect(refusalOf(address, 'http', policy(true, '0.0.0.0/0', 'fd00::/8'))).toContain('metadata')
  })
})

describe('what the configuration and the mode open', () => {
  const office = policy(false, '10.20.0.0/16', 'fd12:3456::/48')
  test.each([
    ['10.20.0.1', 'https', office, true],
    ['10.20.255.255', 'https', office, true],
    ['10.21.0.0', 'https', office, false],
    ['::ffff:10.20.0.1', 'https', office, true],
    ['fd12:3456:0:1::1', 'https', office, true],
    ['fd12:3456:1::1', 'https', office, false],
    ['10.20.0.1', 'http', office, false],
    ['127.0.0.1', 'https', policy(true), true],
    ['127.0.0.1', 'http', policy(true), true],
    ['::1', 'http', policy(true), true],
    ['::ffff:127.0.0.1', 'http', policy(true), true],
    ['127.0.0.1', 'http', policy(false, '127.0.0.0/8'), false],
    ['127.0.0.1', 'https', policy(false, '127.0.0.0/8'), true],
    ['10.0.0.1', 'http', policy(true), false],
    ['8.8.8.8', 'http', policy(true), false],
    ['10.0.0.1', 'https', policy(true), false],
    ['0.0.0.0', 'http', policy(true), false],
  ] as const)('%s over %s', (address, scheme, rules, allowed) => {
    expect(refusalOf(address, scheme, rules) === undefined).toBe(allowed)
  })
})

describe('a network in the configuration', () => {
  test.each(['10.20.0.0/16', '10.1.2.3/32', 'fd00::/8', '::/0', '0.0.0.0/0', ' 10.0.0.0/8 '])('%s is read', (text) => {
    expect(parseNetwork(text).ok).toBe(true)
  })
  test.each([
    '10.20.0.0',
    '10.20.0.1/16',
    '10.0.0.0/33',
    'fd00::/129',
    'home',
    '10.0.0.0/8/8',
    '/8',
    '10.0.0.0/-1',
    '',
  ])('"%s" is turned down with a sentence', (text) => {
    expect(parseNetwork(text)).toMatchObject({ ok: false, error: expect.stringContaining(`"${text}"`) })
  })

  it('opens exactly its addresses', () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.integer({ min: 0, max: 255 }), (address, third) => {
        const open = refusalOf(address, 'https', policy(false, `192.168.${third}.0/24`)) === undefined
        const inside = address.startsWith(`192.168.${third}.`)
        expect(open).toBe(inside || refusalOf(address, 'https', live) === undefined)
      }),
    )
  })
})

it('judges every way of writing an IPv4 address into IPv6 as that address', () => {
  fc.assert(
    fc.property(fc.ipV4(), (address) => {
      const refused = refusalOf(address, 'https', live) !== undefined
      for (const prefix of ['::ffff:', '64:ff9b::', '::ffff:0:'])
        expect(refusalOf(prefix + address, 'https', live) !== undefined).toBe(refused)
    }),
  )
})

describe('an inner address', () => {
  it.each([
    ['127.0.0.1', true],
    ['::1', true],
    ['::ffff:127.0.0.1', true],
    ['10.1.2.3', true],
    ['172.31.0.1', true],
    ['192.168.1.1', true],
    ['100.64.0.1', true],
    ['169.254.1.1', true],
    ['fd12::1', true],
    ['fe80::1', true],
    ['8.8.8.8', false],
    ['198.51.100.7', false],
    ['2001:db8::7', false],
    ['172.32.0.1', false],
    ['localhost', false],
    ['', false],
  ])('%s: %s', (address, inner) => {
    expect(isInner(address)).toBe(inner)
  })
})
