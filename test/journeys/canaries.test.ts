import { createHash } from 'node:crypto'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { HOUR_MS, MINUTE_MS } from '../../src/kernel/time.ts'
import { createLog } from '../../src/platform/log.ts'
import { renderDemoFile } from '../../src/sandbox/index.ts'
import { bankNotice, sendNotice } from '../support/bank-notice.ts'
import { bankCanaries, type Canaries, keyCanaries, leaksIn, PAYER, payerCanaries } from '../support/canaries.ts'
import { ebizness } from '../support/command.ts'
import { startTestHub, type TestHub } from '../support/hub.ts'
import { type MailServer, startMailServer } from '../support/mail-server.ts'
import { submit, visit } from '../support/payer.ts'
import { orderAtBank, orderBody, paidThrough } from '../support/story.ts'
import { execute, openTempFolder } from '../support/test-server.ts'
import { keptTraces } from '../support/traces.ts'

/** Personal data and secrets go in with a whole story; none comes out where it must not. */

const kept = keptTraces()
const MAIL_PASSWORD = 'canary-of-the-mail-server'
let mail: MailServer
let hub: TestHub
let logged = ''
/** Filled while the story is told: what opens doors. */
const keys: Record<string, string> = {}
const everything = (): Canaries => ({ ...payerCanaries, ...bankCanaries, ...keyCanaries(), ...keys })

/** Whatever goes wrong, the log is told of it. */
const provoke = async (order: { readonly id: string; readonly payUrl: string; readonly reference: string }) => {
  const { number } = orderAtBank(hub, 'sandbox')
  await sendNotice(hub, bankNotice(hub, { number, reference: order.reference, status: `${PAYER.name} ${PAYER.email}` }))
  await sendNotice(hub, bankNotice(hub, { number, reference: order.reference }, 'stranger-ed25519'))
  const about = new URLSearchParams({
    VK_SND_NAME: PAYER.name,
    VK_SND_ACC: 'LV18SAND0000000000001',
    VK_SERVICE: '1111',
  })
  await fetch(`${hub.root}/psp/swedbank-lv/liepkalni-swedbank/notice?${about}`)
  await fetch(`${hub.root}/psp/swedbank-lv/liepkalni-swedbank/back`, { method: 'POST', body: about })
  // A hub that cannot open the stored keys, and is asked to.
  const stranger = await hub.beside({ masterKey: createHash('sha256').update('another').digest() })
  await fetch(`${stranger.root}/psp/sandbox/liepkalni-sandbox/notice`, { method: 'POST', body: JSON.stringify(PAYER) })
  await fetch(order.payUrl.replace(hub.root, stranger.root))
  // The address of a payer's page opens it: whoever reads the log must not.
  await stranger.composed.hub.db.close()
  expect((await fetch(order.payUrl.replace(hub.root, stranger.root))).status).toBe(503)
  await stranger.stop()
  // The server's answer names the person.
  mail.refusals.push({ step: 'person', code: 550 })
  hub.answerNotices(500)
  await paidThrough(hub, 'sandbox', 'refunded', { payer: PAYER })
  hub.answerNotices(200)
  // A fault in the database quotes the whole row.
  const { url } = hub.database
  await execute(url, "alter table payments.payment add constraint canary check (details->'payer' = 'null') not valid")
  const fault = await hub.api('POST', '/v1/payments', orderBody(hub, { payer: PAYER }))
  expect(fault.status).toBe(500)
  await execute(url, 'alter table payments.payment drop constraint canary')
}

const tokenOf = ({ payUrl }: { readonly payUrl: string }): string => new URL(payUrl).pathname.split('/').at(-1) ?? ''

let paid: { readonly id: string; readonly payUrl: string; readonly reference: string }
beforeAll(async () => {
  const write = (text: string): void => {
    logged += text
  }
  mail = await startMailServer({ onAuth: (_auth, _session, answer) => answer(null, { user: 'cma' }) })
  keys['the password of the mail server'] = MAIL_PASSWORD
  hub = await startTestHub({
    file: (text) => text.replace('- id: property-tax', '- id: property-tax\n        receipts: { email: true }'),
    config: { smtpUrl: `smtp://cma:${MAIL_PASSWORD}@localhost:${mail.port}` },
    traces: kept.traces,
    log: createLog({ level: 'debug', to: { write } }),
  })
  keys['the master key'] = hub.masterKey
  for (const eService of ['property-tax', 'kindergarten']) {
    for (const [place, address] of (await hub.composed.notices.addresses(eService)).entries())
      keys[`notices of ${eService}, ${place}`] = address.secret.replace('whsec_', '')
  }
  keys['an API key'] = (await hub.keyOf('property-tax')).key.replace(/^sk_test_/, '')
  for (const channel of ['swedbank-lv', 'seb-lv', 'sandbox']) {
    const { order } = await paidThrough(hub, channel, 'pay', { payer: PAYER })
    keys[`the page of the payment by ${channel}`] = tokenOf(order)
    paid = order
  }
  const { url } = await submit({ action: `${paid.payUrl}/return`, method: 'POST', fields: {} })
  // What is signed: its first part is the same for all.
  keys['a return token'] = new URL(url).searchParams.get('token')?.split('.')[2] ?? ''
  const { order } = await paidThrough(hub, 'sandbox', 'close_window', { payer: PAYER })
  keys['the page of the payment that is left'] = tokenOf(order)
  await provoke(order)
  await hub.clock.advance(2 * HOUR_MS)
})
afterAll(async () => {
  await hub.stop()
  await mail.stop()
})

describe('of a payer and of keys', () => {
  it('the story had what it is about: a canary in its cage is seen', async () => {
    const { body } = await hub.api('GET', `/v1/payments/${paid.id}`)
    expect(leaksIn(JSON.stringify(body), { ...payerCanaries, ...bankCanaries })).toEqual(
      expect.arrayContaining([
        'the payer’s surname',
        'the payer’s account at the sandbox',
        'the payer’s personal code',
      ]),
    )
    expect(leaksIn(mail.taken.map(({ to }) => to.join()).join(), payerCanaries)).toContain('the payer’s e-mail')
    for (const sentence of [
      'request failed',
      'does not open',
      'word that its channel',
      'connection to the database',
      'was not sent by e-mail',
    ])
      expect(logged).toContain(sentence)
  })

  it('nothing is in the log, at any level', () => {
    for (const line of logged.split('\n')) expect(leaksIn(line, everything()), line).toEqual([])
  })

  it('nothing is on the metrics page', async () => {
    await hub.clock.advance(MINUTE_MS)
    const text = await (await fetch(`${hub.root}/metrics`)).text()
    expect(text).toContain('ebizness_attempts_total')
    expect(leaksIn(text, everything())).toEqual([])
  })

  it('nothing is in traces', () => {
    expect(kept.spans().some(({ failed }) => failed)).toBe(true)
    expect(leaksIn(JSON.stringify(kept.spans()), everything())).toEqual([])
  })

  it('nothing is in notices and events', async () => {
    const notices = hub.notices.map(({ body, headers }) => body + JSON.stringify(headers)).join('\n')
    expect(hub.notices.length).toBeGreaterThan(6)
    expect(leaksIn(notices, everything())).toEqual([])
    const events = await hub.api('GET', '/v1/events')
    expect(leaksIn(JSON.stringify(events.body), everything())).toEqual([])
  })

  it('nothing is in what a key without payer:read is told, but the page it sends the payer to', async () => {
    const { key } = await hub.keyOf('property-tax')
    const { payUrl, ...told } = (await hub.api('GET', `/v1/payments/${paid.id}`, undefined, { key })).body
    expect(payUrl).toBe(paid.payUrl)
    expect(leaksIn(JSON.stringify(told), everything())).toEqual([])
  })
})

describe('other parties', () => {
  it('are told nothing in problem answers', async () => {
    const { key } = await hub.keyOf('kindergarten')
    const body = { ...orderBody(hub, { payer: PAYER }), reference: paid.reference }
    const answers = [
      await hub.api('GET', `/v1/payments/${paid.id}`, undefined, { key }),
      await hub.api('POST', `/v1/payments/${paid.id}/cancel`, undefined, { key }),
      await hub.api('POST', '/v1/payments', body),
      await hub.api('POST', '/v1/payments', {
        ...body,
        reference: 'x'.repeat(99),
        payer: { ...PAYER, email: PAYER.name },
      }),
      await hub.api('POST', '/v1/payments', { ...body, payer: { ...PAYER, email: [PAYER.personalCode] } }),
      await hub.api('POST', '/v1/payments', `{"payer": "${PAYER.name}`),
      await hub.api('GET', '/v1/payments', undefined, { key: `${key}x` }),
    ]
    expect(answers.map(({ status }) => status)).toEqual([404, 404, 409, 422, 422, 400, 401])
    for (const answer of answers) expect(leaksIn(JSON.stringify(answer.body), everything())).toEqual([])
  })

  it('are told nothing on pages', async () => {
    const order = [{ alg: 'none' }, { payer: PAYER, iss: 'property-tax' }, PAYER.name]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.')
    const pages = [
      await visit(paid.payUrl),
      await visit(`${hub.root}/pay/00000000000000000000000000000000`),
      await visit(`${hub.root}/pay`, { method: 'POST', body: new URLSearchParams({ order }) }),
      await visit(`${hub.root}/psp/sandbox/liepkalni-sandbox/back?payer=${encodeURIComponent(PAYER.name)}`),
      await visit(`${hub.root}/${encodeURIComponent(PAYER.name)}`),
    ]
    // The payer's own page is at an address that only the payer has.
    const others = { ...payerCanaries, ...bankCanaries, ...keyCanaries() }
    for (const page of pages) expect(leaksIn(page.text, others), page.url).toEqual([])
  })
})

describe('the command line', { timeout: 120_000 }, () => {
  const PASSWORD = 'canary-password-of-nobody'
  let folder: string
  beforeAll(() => {
    folder = openTempFolder('ebizness-canaries-')
    mkdirSync(join(folder, 'data'))
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('tells of payments, tasks and agreements without the payer', async () => {
    const env = { DATABASE_URL: hub.database.url, EBIZNESS_MODE: 'test', EBIZNESS_MASTER_KEY: hub.masterKey }
    const runs = await Promise.all(
      [`payments show ${paid.id}`, 'payments export', 'tasks list', 'agreements show liepkalni-swedbank', 'export'].map(
        (command) => ebizness({ folder, env: { ...env, EBIZNESS_DATA_DIR: join(folder, 'data') } }, command),
      ),
    )
    expect(runs.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0])
    expect(runs[1]?.out).toContain(paid.id)
    for (const { said } of runs) expect(leaksIn(said, everything()), said).toEqual([])
  })

  it('quotes no secret in its complaints', async () => {
    const secret = 'canary-of-a-secret-written-in-the-wrong-place'
    const cma = renderDemoFile({ bankRoot: 'http://localhost:8081', shopRoot: 'http://localhost:8082' })
    writeFileSync(join(folder, 'inline.yaml'), cma.replace(/secret: \{ file: [^}]*\}/, `secret: ${secret}`))
    writeFileSync(join(folder, 'wrong.pem'), `-----BEGIN PRIVATE KEY-----\n${secret}\n-----END PRIVATE KEY-----\n`)
    writeFileSync(join(folder, 'bad.yaml'), cma.replace('keys/liepkalni-swedbank.pem', 'wrong.pem'))
    const data = { EBIZNESS_DATA_DIR: join(folder, 'data') }
    const away = { ...data, DATABASE_URL: `postgres://cma:${PASSWORD}@127.0.0.1:1/cma` }
    const working = { ...data, DATABASE_URL: hub.database.url }
    const runs = await Promise.all([
      ebizness({ folder, env: { ...away, EBIZNESS_LOG_LEVEL: 'debug' } }, 'start'),
      ebizness({ folder, env: { ...working, EBIZNESS_MASTER_KEY: secret } }, 'export'),
      ebizness({ folder, env: working }, 'apply inline.yaml --yes'),
      ebizness({ folder, env: working }, 'apply bad.yaml --yes'),
    ])
    for (const { code, said } of runs) {
      expect(code, said).not.toBe(0)
      expect(leaksIn(said, { PASSWORD, secret, ...everything() }), said).toEqual([])
    }
  })
})
