import { createServer as createHttpServer, type RequestListener } from 'node:http'
import { createServer, type ServerOptions } from 'node:https'
import { createServer as createTcpServer } from 'node:net'
import type { SecureVersion, TLSSocket } from 'node:tls'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Authority, openAuthority, type Pair, type Wanted } from '../../../test/support/certificates.ts'
import { startMailServer } from '../../../test/support/mail-server.ts'
import { listenOn, meaning, naming, testMode } from '../../../test/support/outward.ts'
import type { Mail } from '../mail/mail.ts'
import { openSmtp } from '../mail/smtp.ts'
import { type OutboundRequest, openClient } from './client.ts'

let authority: Authority
let stranger: Authority
let hub: Pair
const ends: (() => unknown)[] = []
beforeAll(() => {
  authority = openAuthority()
  stranger = openAuthority()
  hub = authority.issue({ name: 'hub', subjectAltName: 'DNS:hub.example' })
})
afterEach(async () => {
  for (const end of ends.splice(0)) await end()
})
afterAll(() => {
  authority.stop()
  stranger.stop()
})

const RIGHT: Wanted = { name: 'bank', subjectAltName: 'DNS:bank.example' }

type Shown = { readonly what: string; readonly show: () => Pair; readonly why?: string }

const named = (...names: readonly string[]) => authority.issue({ ...RIGHT, subjectAltName: names.join(',') })

/** What a server shows, and what is said of it; nothing said: it is called. */
const SHOWN: readonly Shown[] = [
  { what: 'a certificate of its name', show: () => authority.issue(RIGHT) },
  { what: 'one of many names', show: () => named('DNS:x.example', 'DNS:bank.example', 'IP:10.0.0.1') },
  { what: 'one whose time is over', show: () => authority.issue({ ...RIGHT, days: -1 }), why: 'expired' },
  { what: 'one it signed itself', show: () => authority.issue({ ...RIGHT, selfSigned: true }), why: 'self-signed' },
  { what: 'one of an authority that nobody knows', show: () => stranger.issue(RIGHT), why: 'certificate' },
  { what: 'one of another name', show: () => named('DNS:shop.example'), why: 'altnames' },
  { what: 'one of a longer name', show: () => named('DNS:bank.example.evil.example'), why: 'altnames' },
  { what: 'one of a name below', show: () => named('DNS:a.bank.example'), why: 'altnames' },
  { what: 'one of everything below itself', show: () => named('DNS:*.bank.example'), why: 'altnames' },
  { what: 'one of a whole top domain', show: () => named('DNS:*.example'), why: 'altnames' },
  { what: 'one of everything', show: () => named('DNS:*'), why: 'altnames' },
  { what: 'one of its number', show: () => named('IP:127.0.0.1', 'IP:0.0.0.0'), why: 'altnames' },
  {
    what: 'one whose common name alone is right',
    show: () => authority.issue({ name: 'bank.example', subjectAltName: 'DNS:shop.example' }),
    why: 'altnames',
  },
]

const mail: Mail = {
  id: 'pay_1.receipt',
  at: 1_795_000_000_000,
  to: 'anna@paraugs.example',
  fromName: 'Liepkalni',
  language: 'lv',
  subject: 'Kvīts',
  text: 'Paldies!',
  attachments: [],
}

/** This machine by an address that is not loopback, so that a letter needs TLS. */
const ELSEWHERE = '0.0.0.0'

describe.each(SHOWN)('a server that shows $what', ({ show, why }) => {
  let shown: Pair
  beforeAll(() => {
    shown = show()
  })

  it(why === undefined ? 'is called' : `is sent nothing: ${why}`, async () => {
    const heard: string[] = []
    const port = await serve({ cert: shown.certificate, key: shown.privateKey }, (request, response) => {
      heard.push(`${request.url} ${request.headers.authorization}`)
      response.end()
    })
    const outcome = await call(`https://bank.example:${port}/secret`)
    if (why === undefined) expect(outcome.kind).toBe('answered')
    else expect(outcome).toEqual({ kind: 'not_sent', why: expect.stringContaining(why) })
    expect(heard).toEqual(why === undefined ? ['/secret Bearer secret'] : [])
  })

  it.each(['smtps', 'smtp'])(`is ${why === undefined ? 'sent' : 'not sent'} letters by %s`, async (scheme) => {
    const told: string[] = []
    const server = await startMailServer({
      secure: scheme === 'smtps',
      cert: shown.certificate,
      key: shown.privateKey,
      disabledCommands: [],
      onAuth: ({ password }, _session, answer) => {
        told.push(password ?? '')
        answer(null, { user: 'hub' })
      },
    })
    ends.push(server.stop)
    const sent = await letter(`${scheme}://hub:pass@bank.example:${server.port}`)
    expect(sent.kind).toBe(why === undefined ? 'sent' : 'later')
    expect([told, server.taken.length]).toEqual(why === undefined ? [['pass'], 1] : [[], 0])
  })
})

const serve = async (options: ServerOptions, answer: RequestListener): Promise<number> => {
  const server = createServer(options, answer)
  ends.push(() => new Promise((closed) => server.close(closed)))
  return listenOn(server)
}

const call = (url: string, more: Partial<OutboundRequest> = {}) => {
  const client = openClient({
    policy: testMode,
    authorities: [authority.certificate],
    resolve: meaning('127.0.0.1'),
  })
  ends.unshift(() => client.close())
  const headers = { authorization: 'Bearer secret' }
  return client.send({ method: 'POST', url, headers, body: 'ping', timeoutMs: 10_000, maxBytes: 1_000, ...more })
}

const letter = (url: string) =>
  openSmtp({
    url,
    from: 'no-reply@pay.example',
    policy: naming('0.0.0.0/32'),
    authorities: [authority.certificate],
    resolve: meaning(ELSEWHERE),
    timeoutMs: 10_000,
  }).send(mail)

describe('TLS', () => {
  it.each([
    ['TLSv1.1', false],
    ['TLSv1.2', true],
    ['TLSv1.3', true],
  ] as const)('of version %s', async (version: SecureVersion, spoken) => {
    const { certificate, privateKey } = authority.issue(RIGHT)
    const versions = { minVersion: version, maxVersion: version, ciphers: 'DEFAULT@SECLEVEL=0' }
    const port = await serve({ cert: certificate, key: privateKey, ...versions }, (_, response) => response.end())
    expect((await call(`https://bank.example:${port}/`)).kind).toBe(spoken ? 'answered' : 'not_sent')
  })

  it('is believed whatever the environment says of certificates', async () => {
    const { certificate, privateKey } = stranger.issue(RIGHT)
    const port = await serve({ cert: certificate, key: privateKey }, (_, response) => response.end())
    const mails = await startMailServer({ secure: true, cert: certificate, key: privateKey, disabledCommands: [] })
    ends.push(mails.stop)
    ends.push(() => delete process.env.NODE_TLS_REJECT_UNAUTHORIZED)
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'
    expect(await call(`https://bank.example:${port}/`)).toMatchObject({ kind: 'not_sent' })
    expect(await letter(`smtps://bank.example:${mails.port}`)).toMatchObject({ kind: 'later' })
    expect(mails.taken).toEqual([])
  })

  it('of a server that speaks plain http is none', async () => {
    const heard: unknown[] = []
    const server = createHttpServer((request, response) => {
      heard.push(request.url)
      response.end()
    })
    const port = await listenOn(server)
    ends.push(() => new Promise((closed) => server.close(closed)))
    expect(await call(`https://bank.example:${port}/secret`)).toMatchObject({ kind: 'not_sent' })
    expect(heard).toEqual([])
  })

  it('shows the client certificate of that request and of no other', async () => {
    const { certificate: cert, privateKey: key } = authority.issue(RIGHT)
    const options = { cert, key, ca: authority.certificate, requestCert: true, rejectUnauthorized: false }
    const port = await serve(options, (request, response) => {
      const socket = request.socket as TLSSocket
      response.end(socket.authorized ? String(socket.getPeerCertificate().subject.CN) : 'nobody')
    })
    const client = openClient({
      policy: testMode,
      authorities: [authority.certificate],
      resolve: meaning('127.0.0.1'),
    })
    ends.unshift(() => client.close())
    const request = { url: `https://bank.example:${port}/`, headers: {}, timeoutMs: 10_000, maxBytes: 1_000 }
    const said: string[] = []
    for (const more of [{ client: hub }, {}, { client: hub }]) {
      const outcome = await client.send({ method: 'GET', ...request, ...more })
      said.push(outcome.kind === 'answered' ? Buffer.from(outcome.reply.body).toString() : outcome.why)
    }
    expect(said).toEqual(['hub', 'nobody', 'hub'])
  })

  it('tells in a short line of a certificate of hundreds of names', async () => {
    const many = Array.from({ length: 300 }, (_, place) => `DNS:name-${place}.shop.example`).join(',')
    const { certificate, privateKey } = authority.issue({ ...RIGHT, subjectAltName: many })
    const port = await serve({ cert: certificate, key: privateKey }, (_, response) => response.end())
    const outcome = await call(`https://bank.example:${port}/`)
    expect(outcome.kind === 'not_sent' ? outcome.why.length : 0).toBeLessThan(400)
  })
})

describe('a mail server that does not offer TLS', () => {
  it.each([
    ['says nothing of it', '250 8BITMIME\r\n'],
    ['offers it and then refuses', '250-STARTTLS\r\n250 AUTH PLAIN LOGIN\r\n'],
  ])('and %s is told neither password nor letter', async (_, offers) => {
    const lines: string[] = []
    const server = createTcpServer((socket) => {
      socket.on('error', () => {})
      socket.write('220 mail.example\r\n')
      socket.on('data', (bytes) => {
        const line = bytes.toString()
        lines.push(line)
        socket.write(
          /^EHLO/i.test(line) ? `250-mail.example\r\n${offers}` : /^STARTTLS/i.test(line) ? '454 no\r\n' : '250 ok\r\n',
        )
      })
    })
    const port = await listenOn(server)
    ends.push(() => void server.close())
    expect(await letter(`smtp://hub:pass@mail.example:${port}`)).toMatchObject({ kind: 'later' })
    expect(lines.join('')).not.toMatch(/AUTH|MAIL FROM|DATA|pass/i)
  })
})
