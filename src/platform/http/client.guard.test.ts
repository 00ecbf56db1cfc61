import type { LookupFunction } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { asHost, CLOSED, DECEITFUL, METADATA, THIS_MACHINE } from '../../../test/support/closed-addresses.ts'
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
  it.each(THIS_MACHINE)('%s is this machine', async (host) => {
    const means = meaning('127.0.0.1', '::1')
    const http = `http://${host}:${machine.http}/`
    expect((await send(live, `https://${host}:${machine.https}/`, means)).kind).toBe('not_sent')
    expect((await send(live, http, means)).kind).toBe('not_sent')
    expect((await send(naming('127.0.0.0/8', '::1/128'), http, means)).kind).toBe('not_sent')
    expect(machine.reached).toEqual([])
  })

  it.each(DECEITFUL)('%j: %s', async (url, why) => {
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
