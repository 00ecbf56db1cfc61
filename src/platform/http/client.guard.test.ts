import { isIP, type LookupFunction } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { live, type Machine, meaning, naming, startMachine, testMode } from '../../../test/support/outward.ts'
import { openSmtp } from '../mail/smtp.ts'
import { type OutboundPolicy, refusalOf } from './addresses.ts'
import { type HttpClient, type OutboundRequest, openClient } from './client.ts'

/**
 * Where the hub may call, through the client that calls. Behind every address that stands for this machine there is a server which
 * would answer: what is refused must not have reached it.
 */
let machine: Machine
const clients: HttpClient[] = []

beforeAll(async () => {
  machine = await startMachine()
})
beforeEach(() => {
  machine.reached.length = 0
})
afterEach(async () => {
  for (const client of clients.splice(0)) await client.close()
})
afterAll(() => machine.stop())

const everything = naming('0.0.0.0/0', '::/0')

const nowhere: LookupFunction = (name, _wanted, callback) => callback(new Error(`ENOTFOUND ${name}`), [])

const send = (policy: OutboundPolicy, url: string, resolve: LookupFunction = nowhere) => {
  const client = openClient({ policy, resolve })
  clients.push(client)
  const request: OutboundRequest = { method: 'GET', url, headers: {}, timeoutMs: 10_000, maxBytes: 1_000 }
  return client.send(request)
}
const refused = (words: string) => ({ kind: 'not_sent', why: expect.stringContaining(words) })

/** Address, and what is said of it. */
const CLOSED: readonly (readonly [address: string, why: string])[] = [
  ['0.0.0.0', 'this network'],
  ['0.255.255.255', 'this network'],
  ['10.0.0.1', 'private'],
  ['10.255.255.255', 'private'],
  ['100.64.0.1', 'carrier-grade NAT'],
  ['100.127.255.254', 'carrier-grade NAT'],
  ['127.0.0.1', 'loopback'],
  ['127.0.0.2', 'loopback'],
  ['127.255.255.254', 'loopback'],
  ['169.254.1.1', 'link-local'],
  ['172.16.0.1', 'private'],
  ['172.31.255.254', 'private'],
  ['192.0.0.1', 'protocol assignments'],
  ['192.0.2.1', 'documentation'],
  ['192.88.99.1', '6to4 relays'],
  ['192.168.0.1', 'private'],
  ['192.168.255.254', 'private'],
  ['198.18.0.1', 'benchmarking'],
  ['198.19.255.254', 'benchmarking'],
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
  ['0:0:0:0:0:ffff:127.0.0.1', 'loopback'],
  ['::ffff:0.0.0.0', 'this network'],
  ['::ffff:10.0.0.1', 'private'],
  ['::ffff:c0a8:1', 'private'],
  ['::ffff:0:127.0.0.1', 'loopback'],
  ['64:ff9b::127.0.0.1', 'loopback'],
  ['64:ff9b::a00:1', 'private'],
  ['64:ff9b:1::a00:1', 'local NAT64'],
  ['2002:7f00:1::', 'loopback'],
  ['2002:a00:1::1', 'private'],
  ['2001::1', 'Teredo'],
  ['2001:0:4136:e378:8000:63bf:3fff:fdd2', 'Teredo'],
  ['2001:db8::1', 'documentation'],
  ['3fff:fff::1', 'documentation'],
  ['100::1', 'discard'],
  ['fc00::1', 'unique local'],
  ['fd12:3456:789a::1', 'unique local'],
  ['fe80::1', 'link-local'],
  ['febf:ffff::1', 'link-local'],
  ['fec0::1', 'site-local'],
  ['ff02::1', 'multicast'],
  ['4000::1', 'not a public address'],
  ['5f00::1', 'not a public address'],
]

/** Whatever the configuration names. */
const METADATA = [
  '169.254.169.254',
  '169.254.170.2',
  '169.254.170.23',
  '169.254.42.42',
  '169.254.0.23',
  '169.254.169.250',
  '100.100.100.200',
  '192.0.0.192',
  '168.63.129.16',
  'fd00:ec2::254',
  'fd00:ec2::23',
  'fd20:ce::254',
  'fd00:42::42',
  'fd00:a9fe:a9fe::1',
  'fd00:c1::a9fe:a9fe',
  'fe80::a9fe:a9fe',
  '::169.254.169.254',
  '::ffff:169.254.169.254',
  '::ffff:a9fe:a9fe',
  '::ffff:0:169.254.169.254',
  '64:ff9b::169.254.169.254',
  '64:ff9b::6464:64c8',
  '64:ff9b:1::a9fe:a9fe',
  '64:ff9b:1:a9fe:a9:fe00::',
  '64:ff9b:1:a9:fe:a9fe::',
  '64:ff9b:1:0:a9:fea9:fe00:0',
  '2002:a9fe:a9fe::',
  '2001:0:4136:e378:8000:63bf:5601:5601',
]

const asHost = (address: string): string => (isIP(address) === 6 ? `[${address}]` : address)

describe.each(CLOSED)('%s (%s)', (address, why) => {
  it('is not called by its number, as what a name means, nor among what a name means', async () => {
    expect(await send(live, `https://${asHost(address)}:${machine.https}/`)).toEqual(refused(why))
    const named = `https://bank.example:${machine.https}/`
    expect(await send(live, named, meaning(address))).toEqual(refused(why))
    expect(await send(live, named, meaning(address, '10.9.9.9', address))).toEqual(refused(why))
    expect(machine.reached).toEqual([])
  })

  it('is sent no letter', async () => {
    const smtp = { from: 'hub@pay.example', policy: live, timeoutMs: 5_000 }
    const mail = { id: 'a', at: 0, to: 'b@x.example', fromName: 'c', language: 'lv', subject: 'd', text: 'e' } as const
    const byNumber = openSmtp({ ...smtp, url: `smtps://${asHost(address)}:${machine.https}` })
    const byName = openSmtp({ ...smtp, url: 'smtps://mail.example', resolve: meaning(address) })
    const said = { kind: 'later', why: expect.stringContaining(why) }
    for (const mailer of [byNumber, byName]) expect(await mailer.send({ ...mail, attachments: [] })).toEqual(said)
    expect(machine.reached).toEqual([])
  })
})

describe.each(METADATA)('a cloud’s metadata at %s', (address) => {
  it.each([
    ['live', live],
    ['test', testMode],
    ['every network named', everything],
    ['every network named, in test mode', { ...everything, testMode: true }],
  ] as const)('%s: refused over https and http', async (_, policy) => {
    for (const scheme of ['https', 'http']) {
      expect(await send(policy, `${scheme}://${asHost(address)}/latest`)).toEqual(refused('metadata'))
      const named = `${scheme}://metadata.google.internal/computeMetadata/v1/`
      expect(await send(policy, named, meaning(address))).toEqual(refused('metadata'))
    }
  })
})

describe('what only looks like metadata', () => {
  it.each(['86.1.86.1', '2a00:1450:4001:80e::200e', '2001:4860:4860::8888', '2606:4700:4700::1111'])(
    '%s is a public address',
    (address) => expect(refusalOf(address, 'https', live)).toBeUndefined(),
  )
})

describe('however an address is written', () => {
  /** All of them this machine, or a part that a person would take for the host. */
  it.each([
    '127.1',
    '127.0.1',
    '0x7f.1',
    '0x7f.0.0.1',
    '0x7f000001',
    '2130706433',
    '017700000001',
    '0177.0.0.1',
    '0177.0.0.0x1',
    '127.0.0.1.',
    '127.000.000.001',
    '%31%32%37.0.0.1',
    '１２７.０.０.１',
    '①②⑦.⓪.⓪.①',
    '127。0。0。1',
    '127．0．0．1',
    '127｡0｡0｡1',
    '[::ffff:127.0.0.1]',
    '[::FFFF:7F00:1]',
    '[0:0:0:0:0:0:0:1]',
    '[::1]',
    '0',
    '0.0',
    'localhost',
    'LOCALHOST',
    'localhost.',
    'ｌｏｃａｌｈｏｓｔ',
  ])('%s is this machine', async (host) => {
    const means = meaning('127.0.0.1', '::1')
    const http = `http://${host}:${machine.http}/`
    expect((await send(live, `https://${host}:${machine.https}/`, means)).kind).toBe('not_sent')
    expect((await send(live, http, means)).kind).toBe('not_sent')
    expect((await send(naming('127.0.0.0/8', '::1/128'), http, means)).kind).toBe('not_sent')
    expect(machine.reached).toEqual([])
  })

  it.each([
    ['https://10.0.0.1@bank.example/', 'user name or password'],
    ['https://bank.example@10.0.0.1/', 'user name or password'],
    ['https://bank.example:x@10.0.0.1/', 'user name or password'],
    ['https://bank.example%40@10.0.0.1/', 'user name or password'],
    ['https:10.0.0.1/', 'private'],
    ['https:\\\\10.0.0.1\\', 'private'],
    ['https:///10.0.0.1/', 'private'],
    ['ht\ttps://10.0.\n0.1/', 'private'],
    [' https://10.0.0.1/ ', 'private'],
    ['https://10.0.0.1:8443/', 'private'],
    ['https://10.0.0.1\\@bank.example/', 'private'],
    ['https://10.0.0.1#@bank.example/', 'private'],
    ['https://10.0.0.1?@bank.example/', 'private'],
    ['https://10.0.0.1;bank.example/', 'ENOTFOUND'],
    ['https://10.0.0.1,bank.example/', 'ENOTFOUND'],
    ['https://[fe80::1%25eth0]/', 'is not an address'],
    ['https://[::1/', 'is not an address'],
    ['https://256.256.256.256/', 'is not an address'],
    ['https://1.2.3.4.5/', 'is not an address'],
    ['https://bank.example:99999/', 'is not an address'],
    ['https://', 'is not an address'],
    ['//10.0.0.1/', 'is not an address'],
    ['/v1/payments', 'is not an address'],
    ['', 'is not an address'],
    ['file:///etc/passwd', 'is not https'],
    ['data:text/plain,hello', 'is not https'],
    ['gopher://127.0.0.1:70/_x', 'is not https'],
    ['ftp://10.0.0.1/', 'is not https'],
    ['ws://10.0.0.1/', 'is not https'],
    ['unix:/run/postgresql/.s.PGSQL.5432', 'is not https'],
    ['blob:https://10.0.0.1/', 'is not https'],
    ['javascript:fetch(1)', 'is not https'],
  ])('%j: %s', async (url, why) => {
    expect(await send(live, url)).toEqual(refused(why))
    expect(machine.reached).toEqual([])
  })

  it('a backslash and an @ behind the host are of the path', async () => {
    const at = `http://bank.example:${machine.http}`
    for (const rest of ['\\@10.0.0.1/', '/@10.0.0.1/', '/\\10.0.0.1/', '/..//10.0.0.1/'])
      expect(await send(testMode, at + rest, meaning('127.0.0.1'))).toMatchObject({ kind: 'answered' })
    const hosts = machine.reached.filter((line) => line !== 'connection').map((line) => line.split(' ')[1])
    expect(hosts).toEqual(Array(4).fill(`bank.example:${machine.http}`))
  })
})
