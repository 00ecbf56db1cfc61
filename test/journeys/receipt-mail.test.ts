import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { DAY_MS, HOUR_MS, SECOND_MS } from '../../src/kernel/time.ts'
import { findPayment, paymentJobs } from '../../src/payments/index.ts'
import { verifyReceipt } from '../../src/sdk/index.ts'
import { bankNotice, keptMessages, sendNotice } from '../support/bank-notice.ts'
import { startTestHub, type TestHub } from '../support/hub.ts'
import { type MailServer, startMailServer } from '../support/mail-server.ts'
import { readPdf } from '../support/pdf.ts'
import { chosen, orderAtBank, ordered, paidThrough } from '../support/story.ts'
import { execute, openTempFolder } from '../support/test-server.ts'

/** The receipt in the payer's letter-box, through a real mail server. */

let server: MailServer
let hub: TestHub
const wanted = (text: string): string =>
  text.replace(
    '- id: property-tax',
    '- id: property-tax\n        receipts: { email: true }\n        texts: { mail.page: { lv: "Liepkalni: {address}" } }',
  )
beforeAll(async () => {
  server = await startMailServer()
  hub = await startTestHub({ file: wanted, config: { smtpUrl: `smtp://localhost:${server.port}` } })
})
afterAll(async () => {
  await hub.stop()
  await server.stop()
})
beforeEach(() => {
  server.refusals.length = 0
})

const EMAIL = 'anna@paraugs.example'
let sentBefore = 0
const letters = () => server.taken.slice(sentBefore)
const paid = async (payer: Readonly<Record<string, string>> = { email: EMAIL }) => {
  sentBefore = server.taken.length
  return (await paidThrough(hub, 'swedbank-lv', 'pay', { payer })).order
}

/** Parts of a letter (RFC 2045): what each holds, by its type. */
const partsOf = (letter: string): ReadonlyMap<string, Buffer> => {
  const boundary = /boundary="?([^";\r\n]+)/.exec(letter)?.[1] ?? ''
  const parts = letter.split(`--${boundary}`).slice(1, -1)
  return new Map(
    parts.map((part) => {
      const [head = '', ...body] = part.split('\r\n\r\n')
      const coded = body.join('\r\n\r\n')
      const text = /base64/i.test(head) ? Buffer.from(coded, 'base64') : Buffer.from(unquoted(coded), 'latin1')
      return [/Content-Type: ([^;\r\n]+)/i.exec(head)?.[1] ?? '', text]
    }),
  )
}
const unquoted = (text: string): string =>
  text
    .replace(/=\r\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))

describe('a receipt by e-mail', () => {
  it('goes to the address in the order, in the merchant’s words, with the PDF and the signed file', async () => {
    const order = await paid()
    expect(letters().map(({ to, from }) => [to, from])).toEqual([[[EMAIL], 'no-reply@pay.example']])
    const text = letters()[0]?.text ?? ''
    expect(text).toMatch(/^Reply-To: nodokli@liepkalni\.example/m)
    expect(text).toContain(`Message-ID: <${order.id}.receipt@pay.example>`)
    const parts = partsOf(text)
    const words = parts.get('text/plain')?.toString('utf8').replaceAll('\u00a0', ' ') ?? ''
    for (const said of ['123,45 €', order.reference, `Liepkalni: ${order.payUrl}/receipt?lang=lv`, 'Izmēģinājums'])
      expect(words).toContain(said)
    expect(words).not.toMatch(/\{[a-z]+\}|undefined/)
    const pdf = await readPdf(new Uint8Array(parts.get('application/pdf') ?? []))
    expect([pdf.language, pdf.tagged]).toEqual(['lv', true])
    const file = parts.get('application/json')?.toString('utf8') ?? ''
    const { keys } = JSON.parse(await (await fetch(`${hub.root}/.well-known/jwks.json`)).text())
    expect(verifyReceipt({ file, keys })).toMatchObject({ ok: true, receipt: { payment: order.id } })
  })

  it('goes once, whatever happens to the payment later', async () => {
    sentBefore = server.taken.length
    await paidThrough(hub, 'sandbox', 'refunded', { payer: { email: EMAIL } })
    await hub.clock.advance(DAY_MS)
    await hub.settle()
    expect(letters()).toHaveLength(1)
  })

  it('goes nowhere without an address, or where the e-service does not want it', async () => {
    await paid({ name: 'Anna Paraudziņa' })
    expect(letters()).toEqual([])
    await hub.apply((text) => text)
    await paid()
    expect(letters()).toEqual([])
    await hub.apply(wanted)
  })
})

describe('trouble with the mail server', () => {
  it('that passes: the same letter is sent again, and arrives once', async () => {
    server.refusals.push({ step: 'person', code: 450 }, { step: 'letter', code: 451 })
    const order = await paid()
    expect(letters()).toEqual([])
    await hub.clock.advance(30 * SECOND_MS)
    expect(letters()).toEqual([])
    await hub.clock.advance(30 * SECOND_MS)
    expect(letters().map(({ text }) => text.includes(`<${order.id}.receipt@`))).toEqual([true])
    await hub.clock.advance(DAY_MS)
    expect(letters()).toHaveLength(1)
  })

  const findings: { readonly what: string; readonly details: Readonly<Record<string, unknown>> }[] = []
  const run = (payment: string, more: object = {}, now = hub.clock.now(), since = now) => {
    findings.length = 0
    const warn = (what: string, details: Readonly<Record<string, unknown>>) => void findings.push({ what, details })
    const job = paymentJobs({ ...hub.composed.hub, warn, ...more }, hub.composed.tokens).find(
      ({ kind }) => kind === 'payments.receipt-mail',
    )
    return job?.run({ key: `liepkalni/${payment}`, payload: since, tries: 0 }, now)
  }

  /** Paid, and its letter not sent yet. */
  const waiting = async () => {
    server.refusals.push({ step: 'person', code: 450 })
    return paid()
  }
  const told = async (id: string) => (await findPayment(hub.database.db, id))?.receiptMail

  it('that is for good: it ends as a finding in the log, without the address, and support is told', async () => {
    const order = await waiting()
    expect(await told(order.id)).toBeNull()
    server.refusals.push({ step: 'person', code: 550 })
    expect(await run(order.id)).toBeUndefined()
    expect(findings).toEqual([
      {
        what: 'a receipt was not sent by e-mail',
        details: { merchant: 'liepkalni', payment: order.id, outcome: 'refused', why: expect.stringContaining('550') },
      },
    ])
    expect(JSON.stringify(findings)).not.toContain('@')
    expect(await told(order.id)).toEqual({
      outcome: 'refused',
      why: findings[0]?.details.why,
      at: expect.stringMatching(/Z$/),
    })
  })

  it('that lasts: it is tried less and less often, for three days', async () => {
    const order = await waiting()
    const now = hub.clock.now()
    const nextAfter = async (tookMs: number) => {
      server.refusals.push({ step: 'person', code: 450 })
      const next = await run(order.id, {}, now, now - tookMs)
      return next === undefined ? undefined : next - now
    }
    expect(await nextAfter(0)).toBe(30 * SECOND_MS)
    expect(await nextAfter(600 * SECOND_MS)).toBe(300 * SECOND_MS)
    expect(await nextAfter(DAY_MS)).toBe(HOUR_MS)
    expect(findings).toEqual([])
    expect(await nextAfter(3 * DAY_MS)).toBeUndefined()
    expect(findings[0]?.details).toMatchObject({ outcome: 'gave_up', why: expect.stringContaining('450') })
  })

  it('is outlasted too where the bank’s word could be read only days after it came', async () => {
    const order = await ordered(hub, { payer: { email: EMAIL } })
    await chosen(hub, order.payUrl, 'sandbox')
    const notice = bankNotice(hub, { number: orderAtBank(hub, 'sandbox').number, reference: order.reference })
    const locked = await hub.beside({ masterKey: new Uint8Array(32) })
    expect((await sendNotice({ ...hub, root: locked.root }, notice)).status).toBe(503)
    await locked.stop()
    const later = { now: () => hub.clock.now() + 4 * DAY_MS }
    const reader = paymentJobs({ ...hub.composed.hub, clock: later }, hub.composed.tokens).find(
      ({ kind }) => kind === 'payments.parked',
    )
    const kept = (await keptMessages(hub)).findLast(({ verdict }) => verdict === 'fault')
    await reader?.run({ key: `liepkalni/${kept?.id}`, payload: null, tries: 0 }, later.now())
    const [job] = await execute<{ payload: number }>(
      hub.database.url,
      `select payload from platform.job where kind = 'payments.receipt-mail' and key = 'liepkalni/${order.id}'`,
    )
    server.refusals.push({ step: 'person', code: 450 })
    expect(await run(order.id, {}, later.now(), job?.payload)).toBeGreaterThan(later.now())
    expect(findings).toEqual([])
  })

  it('that comes after it was sent sends nothing again', async () => {
    const order = await paid()
    expect(letters()).toHaveLength(1)
    expect(await run(order.id)).toBeUndefined()
    expect([letters().length, (await told(order.id))?.outcome]).toEqual([1, 'sent'])
  })

  it('that it is not there at all: a live hub without one says so', async () => {
    const order = await waiting()
    expect(await run(order.id, { mailer: undefined })).toBeUndefined()
    expect(findings[0]?.details).toMatchObject({ outcome: 'no_server', why: 'EBIZNESS_SMTP_URL is not set' })
  })
})

describe('test mode without a mail server', () => {
  it('keeps letters as files in the data folder', async () => {
    const dataDir = openTempFolder('ebizness-letters-')
    const alone = await startTestHub({ file: wanted, config: { dataDir } })
    const { order } = await paidThrough(alone, 'sandbox', 'pay', { payer: { email: EMAIL } })
    expect(readdirSync(join(dataDir, 'mail'))).toEqual([`${order.id}.receipt.eml`])
    expect(readFileSync(join(dataDir, 'mail', `${order.id}.receipt.eml`), 'utf8')).toContain(`To: ${EMAIL}`)
    await alone.stop()
    rmSync(dataDir, { recursive: true })
  })
})
