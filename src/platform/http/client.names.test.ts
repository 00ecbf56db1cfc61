import { createServer, type RequestListener } from 'node:http'
import type { LookupFunction } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type NameServer, startNameServer } from '../../../test/support/name-server.ts'
import { listenOn, live, type Machine, meaning, naming, startMachine, testMode } from '../../../test/support/outward.ts'
import type { OutboundPolicy } from './addresses.ts'
import { type HttpClient, type OutboundRequest, openClient } from './client.ts'

/** What names mean, asked over the wire as programs ask; and the ways around the check of what they mean. */
let machine: Machine
let names: NameServer
const ends: (() => unknown)[] = []

beforeAll(async () => {
  machine = await startMachine()
  names = await startNameServer()
})
beforeEach(() => {
  machine.reached.length = 0
})
afterEach(async () => {
  for (const end of ends.splice(0)) await end()
})
afterAll(async () => {
  names.stop()
  await machine.stop()
})

const open = (policy: OutboundPolicy, resolve: LookupFunction = names.resolve): HttpClient => {
  const client = openClient({ policy, resolve, authorities: [machine.authority.certificate] })
  ends.unshift(() => client.close())
  return client
}
const get = (url: string, headers: OutboundRequest['headers'] = {}): OutboundRequest => ({
  method: 'GET',
  url,
  headers,
  timeoutMs: 10_000,
  maxBytes: 1_000,
})
const refused = (words: string) => ({ kind: 'not_sent', why: expect.stringContaining(words) })
const connections = () => machine.reached.filter((line) => line === 'connection').length

describe('a name', () => {
  it.each([
    ['of a private address', ['10.0.0.1'], 'private'],
    ['of a private address of IPv6', ['fd12:0:0:0:0:0:0:1'], 'unique local'],
    ['of IPv4 written as IPv6', ['0:0:0:0:0:ffff:a00:1'], 'private'],
    ['of closed addresses only', ['192.168.0.1', '10.0.0.1', 'fe80:0:0:0:0:0:0:1'], 'not allow'],
    ['that stands for another one, that for a third, and that for a private address', ['a.example'], 'private'],
    ['that stands for the metadata service’s', ['m.example'], 'metadata'],
    ['that nobody has', [], 'ENOTFOUND'],
  ])('%s is not called', async (_, records, why) => {
    names.say('a.example', 'b.example')
    names.say('b.example', '10.20.30.40')
    names.say('m.example', 'metadata.google.internal')
    names.say('metadata.google.internal', '169.254.169.254')
    names.say('bank.example', ...records)
    expect(await open(live).send(get('https://bank.example/'))).toEqual(refused(why))
  })

  it('of many addresses is called at those that may be called, and tried at no other', async () => {
    names.say('bank.example', '10.0.0.1', '169.254.169.254', '127.0.0.1', '192.168.0.1', 'fd12:0:0:0:0:0:0:1')
    const outcome = await open(testMode).send(get(`https://bank.example:${machine.https}/x`))
    expect(outcome).toMatchObject({ kind: 'answered', reply: { status: 200 } })
    expect(machine.reached).toEqual(['connection', `https bank.example:${machine.https} /x`])
  })

  it('is asked for once a connection: what was checked is what is called', async () => {
    names.say('bank.example', '127.0.0.1')
    const before = names.asked.length
    await open(testMode).send(get(`http://bank.example:${machine.http}/`))
    // Once for each family.
    expect(names.asked.slice(before)).toEqual(['bank.example', 'bank.example'])
  })

  it('that changes its meaning keeps the connection that was checked, and a new one is checked anew', async () => {
    names.say('bank.example', '127.0.0.1')
    const client = open(testMode)
    const url = `http://bank.example:${machine.http}/`
    expect(await client.send(get(url))).toMatchObject({ kind: 'answered' })
    // An answer is given on before its socket is free again.
    await new Promise(setImmediate)
    names.say('bank.example', '169.254.169.254')
    const asked = names.asked.length
    expect(await client.send(get(url, { connection: 'close' }))).toMatchObject({ kind: 'answered' })
    expect([connections(), names.asked.length - asked]).toEqual([1, 0])
    expect(await client.send(get(url))).toEqual(refused('metadata'))
    names.say('bank.example', '10.0.0.1')
    expect(await client.send(get(url))).toEqual(refused('plain http'))
    expect(connections()).toBe(1)
  })

  it('has no use of a connection kept for another name of the same machine', async () => {
    names.say('bank.example', '127.0.0.1')
    names.say('other.example', '10.0.0.1')
    const client = open(testMode)
    await client.send(get(`https://bank.example:${machine.https}/`))
    expect(await client.send(get(`https://other.example:${machine.https}/`))).toEqual(refused('private'))
    names.say('other.example', '127.0.0.1')
    // Its own connection, for which the certificate is checked.
    expect(await client.send(get(`https://other.example:${machine.https}/`))).toEqual(refused('other.example'))
  })
})

describe('what the mode and the operator’s networks open', () => {
  it.each([
    ['https', '127.0.0.1', naming('127.0.0.1/32'), true],
    ['https', '127.0.0.1', naming('127.0.0.0/8'), true],
    ['https', '127.0.0.1', naming('10.0.0.0/8', '127.0.0.1/32'), true],
    ['https', '127.0.0.1', naming('127.0.0.2/32'), false],
    ['https', '127.0.0.1', naming('127.0.0.0/32'), false],
    ['https', '127.0.0.1', naming('::1/128'), false],
    ['https', '127.0.0.1', naming('10.0.0.0/8'), false],
    ['https', '0.0.0.0', naming('0.0.0.0/32'), true],
    ['https', '0.0.0.0', naming('127.0.0.0/8'), false],
    ['http', '127.0.0.1', naming('127.0.0.0/8'), false],
    ['http', '0.0.0.0', naming('0.0.0.0/8'), false],
    ['https', '127.0.0.1', testMode, true],
    ['http', '127.0.0.1', testMode, true],
    ['https', '0.0.0.0', testMode, false],
    ['http', '0.0.0.0', testMode, false],
    ['https', '127.0.0.1', live, false],
    ['http', '127.0.0.1', live, false],
  ] as const)('%s to %s, case %#', async (scheme, address, policy, opened) => {
    for (const host of ['bank.example', address]) {
      const outcome = await open(policy, meaning(address)).send(get(`${scheme}://${host}:${machine[scheme]}/`))
      expect([host, outcome.kind]).toEqual([host, opened ? 'answered' : 'not_sent'])
    }
    expect(machine.reached.length > 0).toBe(opened)
  })
})

describe('a redirect', () => {
  const serve = async (handler: RequestListener): Promise<string> => {
    const server = createServer(handler)
    const port = await listenOn(server)
    ends.push(() => new Promise((closed) => server.close(closed)))
    return `http://127.0.0.1:${port}/`
  }

  it.each([300, 301, 302, 303, 305, 307, 308])('%i to inside is an answer and nothing more', async (status) => {
    const inside = () => [
      `http://127.0.0.1:${machine.http}/`,
      `https://localhost:${machine.https}/`,
      'http://169.254.169.254/latest/meta-data/',
      'file:///etc/passwd',
      '/again',
    ]
    let calls = 0
    for (const location of inside()) {
      const url = await serve((_, response) => {
        calls++
        response.writeHead(status, { location, refresh: `0; url=${location}` }).end()
      })
      const outcome = await open(testMode).send({ ...get(url), method: 'POST', body: 'secret' })
      expect(outcome).toMatchObject({ kind: 'answered', reply: { status, headers: { location } } })
    }
    expect([calls, machine.reached]).toEqual([inside().length, []])
  })
})

describe('the environment', () => {
  const PROXIES = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'http_proxy', 'https_proxy', 'all_proxy']
  it('leads through no proxy', async () => {
    const other = await startMachine()
    ends.push(() => other.stop())
    const saved = { ...process.env }
    ends.push(() => {
      for (const name of [...PROXIES, 'NODE_USE_ENV_PROXY']) delete process.env[name]
      Object.assign(process.env, saved)
    })
    for (const name of PROXIES) process.env[name] = `http://127.0.0.1:${other.http}`
    process.env.NODE_USE_ENV_PROXY = '1'
    const client = open(testMode, meaning('127.0.0.1'))
    for (const scheme of ['http', 'https'] as const)
      expect((await client.send(get(`${scheme}://bank.example:${machine[scheme]}/`))).kind).toBe('answered')
    expect(other.reached).toEqual([])
  })
})

describe('a header', () => {
  it.each([
    { 'x-note': 'one\r\nx-two: 2' },
    { 'x-note': 'one\n\nGET /other HTTP/1.1' },
    { 'x-note': 'one\0two' },
    { 'x-note': 'Ā' },
    { 'x-note\r\nx-two': '2' },
    { 'x note': '1' },
    { '': '1' },
    { 'transfer-encoding': 'chunked' },
    { 'content-length': '1' },
    { 'content-length': '999' },
    { upgrade: 'h2c' },
    { expect: '100-continue' },
    { host: 'other.example' },
    { Host: '169.254.169.254' },
  ])('that would make another request of it is not sent: %j', async (headers) => {
    const client = open(testMode)
    const request = { ...get(`http://127.0.0.1:${machine.http}/`, headers), method: 'POST', body: 'body' } as const
    expect((await client.send(request)).kind).toBe('not_sent')
    expect(machine.reached.filter((line) => line !== 'connection')).toEqual([])
  })

  it('and an address with a line break in it makes one request', async () => {
    const client = open(testMode)
    const url = `http://127.0.0.1:${machine.http}/a\r\nX-Two: 2\r\n\r\nGET /b HTTP/1.1?c=\u0000 d`
    expect((await client.send(get(url))).kind).toBe('answered')
    const requests = machine.reached.filter((line) => line !== 'connection')
    expect(requests).toEqual([`http 127.0.0.1:${machine.http} /aX-Two:%202GET%20/b%20HTTP/1.1?c=%00%20d`])
  })
})
