import { execFileSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type MailServer, startMailServer } from '../../../test/support/mail-server.ts'
import { openTempFolder } from '../../../test/support/test-server.ts'
import { type OutboundPolicy, parseNetwork } from '../http/addresses.ts'
import type { Mail } from './mail.ts'
import { openOutbox } from './outbox.ts'
import { openSmtp, type SmtpOptions } from './smtp.ts'

const mail: Mail = {
  id: 'pay_1.receipt',
  at: 1_795_000_000_000,
  to: 'anna@paraugs.example',
  fromName: 'Liepkalnu novada pašvaldība',
  replyTo: 'nodokli@liepkalni.example',
  language: 'lv',
  subject: 'Maksājuma kvīts',
  text: 'Paldies! Āčēģīķļņšūž.',
  attachments: [{ name: 'receipt.json', type: 'application/json', bytes: new Uint8Array([123, 125]) }],
}
const policy: OutboundPolicy = { testMode: true, allowedNetworks: [] }

const stops: (() => void | Promise<void>)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
})
const start = async (options: Parameters<typeof startMailServer>[0] = {}): Promise<MailServer> => {
  const server = await startMailServer(options)
  stops.push(server.stop)
  return server
}
const smtp = (url: string, more: Partial<SmtpOptions> = {}) =>
  openSmtp({ url, from: 'no-reply@pay.example', policy, ...more })

describe('a letter', () => {
  it('arrives as it was written, with a number that stays the same when it is sent again', async () => {
    const server = await start()
    const mailer = smtp(`smtp://localhost:${server.port}`)
    expect([await mailer.send(mail), await mailer.send(mail)]).toEqual([{ kind: 'sent' }, { kind: 'sent' }])
    const [letter] = server.taken
    expect([letter?.from, letter?.to]).toEqual(['no-reply@pay.example', ['anna@paraugs.example']])
    for (const { text } of server.taken) {
      expect(text).toContain('Message-ID: <pay_1.receipt@pay.example>')
      expect(text).toMatch(/^From: =\?UTF-8\?.*\s+<no-reply@pay\.example>/m)
      expect(text).toContain('Reply-To: nodokli@liepkalni.example')
      expect(text).toContain('Auto-Submitted: auto-generated')
      expect(text).toMatch(/^Date: \w{3}, 18 Nov 2026 /m)
      expect(text).toContain('filename=receipt.json')
    }
  })

  it('cannot bring a header of its own', async () => {
    const server = await start()
    const subject = 'Kvīts\r\nBcc: other@nowhere.example'
    await smtp(`smtp://localhost:${server.port}`).send({ ...mail, subject, fromName: 'A\r\nBcc: b@nowhere.example' })
    expect(server.taken[0]?.to).toEqual(['anna@paraugs.example'])
    expect(server.taken[0]?.text).not.toMatch(/^Bcc:/m)
  })
})

describe('what a mail server says', () => {
  it.each([
    { step: 'person', code: 450, kind: 'later' },
    { step: 'person', code: 550, kind: 'refused' },
    { step: 'letter', code: 451, kind: 'later' },
    { step: 'letter', code: 554, kind: 'refused' },
    { step: 'sender', code: 451, kind: 'later' },
    { step: 'sender', code: 550, kind: 'later' },
  ] as const)('$code to the $step: $kind, and told without an address', async ({ step, code, kind }) => {
    const server = await start()
    server.refusals.push({ step, code })
    const sent = await smtp(`smtp://localhost:${server.port}`).send(mail)
    expect(sent).toEqual({ kind, why: expect.stringContaining(String(code)) })
    expect(JSON.stringify(sent)).not.toContain('@')
  })

  it('a wrong password is a setting to be mended, and a right one lets in', async () => {
    const server = await start({
      authOptional: false,
      allowInsecureAuth: true,
      onAuth: ({ username, password }, _session, answer) =>
        username === 'hub' && password === 'p@ss' ? answer(null, { user: 'hub' }) : answer(new Error('no')),
    })
    const at = (who: string) => smtp(`smtp://${who}@localhost:${server.port}`).send(mail)
    expect(await at('hub:wrong')).toEqual({ kind: 'later', why: expect.stringContaining('EAUTH') })
    expect(await at('hub:p%40ss')).toEqual({ kind: 'sent' })
  })

  it.each([
    { does: 'says nothing', greet: false },
    { does: 'stops talking', greet: true },
  ])('one that $does is given up in time', async ({ greet }) => {
    const silent = createServer((socket) => {
      socket.on('error', () => {})
      if (greet) socket.write('220 here\r\n')
    })
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    stops.push(() => void silent.close())
    const address = silent.address()
    const port = typeof address === 'object' ? address?.port : 0
    const began = performance.now()
    const sent = await smtp(`smtp://localhost:${port}`, { timeoutMs: 200 }).send(mail)
    expect(sent.kind).toBe('later')
    expect(performance.now() - began).toBeLessThan(3_000)
  })

  it('a name of which nobody says what it means is given up in time', async () => {
    const sent = await smtp('smtp://mail.example', { timeoutMs: 100, resolve: () => {} }).send(mail)
    expect(sent).toEqual({ kind: 'later', why: 'mail.example: has no address' })
  })

  it('nobody there is later', async () => {
    expect(await smtp('smtp://localhost:1').send(mail)).toMatchObject({ kind: 'later' })
    expect(await smtp('smtp://nowhere.invalid').send(mail)).toEqual({
      kind: 'later',
      why: 'nowhere.invalid: has no address',
    })
  })
})

describe('where letters may go', () => {
  it('not to a loopback or private address, unless test mode or the configuration allows it', async () => {
    const server = await start()
    const live = { testMode: false, allowedNetworks: [] }
    const url = `smtp://localhost:${server.port}`
    expect(await smtp(url, { policy: live }).send(mail)).toEqual({
      kind: 'later',
      why: expect.stringContaining('loopback'),
    })
    expect(await smtp('smtp://10.1.2.3', { policy: live }).send(mail)).toMatchObject({ kind: 'later' })
    expect(server.taken).toEqual([])
    const own = parseNetwork('127.0.0.0/8')
    if (!own.ok) throw new Error(own.error)
    expect(await smtp(url, { policy: { ...live, allowedNetworks: [own.value] } }).send(mail)).toEqual({ kind: 'sent' })
  })

  it('never in the clear to another machine', async () => {
    const server = await start()
    const elsewhere = parseNetwork('0.0.0.0/8')
    if (!elsewhere.ok) throw new Error(elsewhere.error)
    // This machine by an address that is not loopback.
    const sent = await smtp(`smtp://0.0.0.0:${server.port}`, {
      policy: { testMode: false, allowedNetworks: [elsewhere.value] },
    }).send(mail)
    expect(sent).toMatchObject({ kind: 'later' })
    expect(server.taken).toEqual([])
  })
})

describe('TLS', () => {
  let folder: string
  const file = (name: string) => join(folder, name)
  beforeAll(() => {
    folder = openTempFolder('ebizness-mail-')
    const subject = ['-subj', '/CN=mail.example', '-addext', 'subjectAltName=DNS:mail.example']
    const made = ['-keyout', file('key.pem'), '-out', file('cert.pem'), '-days', '2', '-nodes']
    execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', ...subject, ...made], { stdio: 'ignore' })
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  it('is believed only of the server that was meant', async () => {
    const cert = readFileSync(file('cert.pem'), 'utf8')
    const server = await start({ secure: true, key: readFileSync(file('key.pem')), cert, disabledCommands: [] })
    const resolve: SmtpOptions['resolve'] = (_name, _wanted, done) => done(null, [{ address: '127.0.0.1', family: 4 }])
    const at = (host: string, authorities: readonly string[]) =>
      smtp(`smtps://${host}:${server.port}`, { authorities, resolve }).send(mail)
    expect(await at('mail.example', [cert])).toEqual({ kind: 'sent' })
    expect(await at('other.example', [cert])).toMatchObject({ kind: 'later' })
    expect(await at('mail.example', [])).toMatchObject({ kind: 'later' })
    expect(server.taken.length).toBe(1)
  })
})

describe('the outbox of test mode', () => {
  it('keeps each letter as a file, a repeated one once', async () => {
    const folder = openTempFolder('ebizness-outbox-')
    const outbox = openOutbox(join(folder, 'mail'), 'no-reply@localhost')
    expect([await outbox.send(mail), await outbox.send(mail)]).toEqual([{ kind: 'sent' }, { kind: 'sent' }])
    expect(readFileSync(join(folder, 'mail', 'pay_1.receipt.eml'), 'utf8')).toContain('To: anna@paraugs.example')
    rmSync(folder, { recursive: true })
  })
})
