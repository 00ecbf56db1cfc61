import { compactVerify, createLocalJWKSet, type JSONWebKeySet } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DAY_MS, MINUTE_MS, SECOND_MS } from '../../src/kernel/time.ts'
import { namedOf } from '../../src/payments/receipts/paid.ts'
import { printReceipt } from '../../src/payments/receipts/pdf.ts'
import { loadPayment } from '../../src/payments/store/index.ts'
import { verifyReceipt } from '../../src/sdk/index.ts'
import { startTestHub, type TestHub } from '../support/hub.ts'
import { readPdf } from '../support/pdf.ts'
import { ordered, paidThrough } from '../support/story.ts'

/** What a payer keeps. The clock is only moved at the end. */

let hub: TestHub
beforeAll(async () => {
  hub = await startTestHub({ file: worded })
})
afterAll(() => hub.stop())

const jwks = async (): Promise<JSONWebKeySet> => {
  const set: JSONWebKeySet = JSON.parse(await (await fetch(`${hub.root}/.well-known/jwks.json`)).text())
  return set
}
const fileOf = async (payUrl: string): Promise<string> => (await fetch(`${payUrl}/receipt.json`)).text()
const NOTE: Readonly<Record<string, string>> = {
  lv: 'Kvīts sagatavota elektroniski un ir derīga bez paraksta.',
  en: 'Liepkalni says: valid without a signature.',
}
/** The demo's e-service, with a text of its own in one language. */
const worded = (text: string): string =>
  text.replace('- id: property-tax', `- id: property-tax\n        texts: { receipt.note: { en: "${NOTE.en}" } }`)
const withPlainSpaces = (text: string): string => text.replaceAll('\u00a0', ' ')

const paid = async (more: Readonly<Record<string, unknown>> = {}) =>
  (await paidThrough(hub, 'swedbank-lv', 'pay', more)).order
const verdictOn = async (file: string): Promise<string> => {
  const verified = verifyReceipt({ file, keys: (await jwks()).keys, issuer: hub.root })
  return verified.ok ? 'genuine' : verified.reason
}

describe('a signed receipt', () => {
  it('says who was paid what, for what, when and through whom, and any JOSE library believes it', async () => {
    const order = await paid()
    const { status, body } = await hub.api('GET', `/v1/payments/${order.id}/receipt`)
    expect(status).toBe(200)
    expect(body.receipt).toEqual({
      iss: hub.root,
      hub: 'E-BIZness CMA',
      mode: 'test',
      payment: order.id,
      reference: order.reference,
      eService: 'property-tax',
      merchant: {
        name: { lv: 'Liepkalnu novada pašvaldība', en: 'Liepkalni Municipality' },
        registrationNumber: '90999900005',
      },
      payee: { name: 'Liepkalnu novada pašvaldība', iban: 'LV07HABA0000000000001' },
      amount: 12_345,
      currency: 'EUR',
      refundedAmount: 0,
      reversedAmount: 0,
      description: { lv: 'Nekustamā īpašuma nodoklis 2026', en: 'Property tax 2026' },
      paidAt: expect.stringMatching(/Z$/),
      bank: expect.objectContaining({ lv: 'Swedbank' }),
      bankReference: expect.any(String),
      issuedAt: expect.stringMatching(/Z$/),
    })
    const { payload, protectedHeader } = await compactVerify(String(body.jws), createLocalJWKSet(await jwks()))
    expect(protectedHeader).toMatchObject({ alg: 'EdDSA', typ: 'ebizness-receipt+jws' })
    expect(JSON.parse(Buffer.from(payload).toString())).toEqual(body.receipt)
  })

  it('is a file to keep from the receipt page, without a word of the payer', async () => {
    const payer = { name: 'Anna Paraudziņa', email: 'anna@paraugs.example' }
    const order = await paid({ payer })
    const page = await (await fetch(`${order.payUrl}/receipt`)).text()
    const path = /href="([^"]+\/receipt\.json)"/.exec(page)?.[1]
    expect(hub.root + path).toBe(`${order.payUrl}/receipt.json`)
    const answer = await fetch(hub.root + path)
    expect(answer.headers.get('content-disposition')).toMatch(
      /^attachment; filename="receipt-[0-9A-Z]{4}-[0-9A-Z]{4}\.json"$/,
    )
    expect([answer.headers.get('content-type'), answer.headers.get('cache-control')]).toEqual([
      'application/json',
      'no-store',
    ])
    const file = await answer.text()
    expect(await verdictOn(file)).toBe('genuine')
    expect(await verdictOn(file.replaceAll('12345', '12346'))).toBe('altered')
    const told = file + Buffer.from(file.split('.')[1] ?? '', 'base64url').toString()
    expect(told).not.toMatch(/Anna|paraugs/)
  })

  it.each([
    { asked: 'lv', heading: 'Maksājuma kvīts', sum: '123,45 €', payee: 'Liepkalnu novada pašvaldība' },
    { asked: 'en', heading: 'Payment receipt', sum: '€123.45', payee: 'Liepkalni Municipality' },
  ])('is a PDF too, in the payer’s language ($asked) and the merchant’s words', async ({ asked, ...told }) => {
    const order = await paid()
    const page = await (await fetch(`${order.payUrl}/receipt?lang=${asked}`)).text()
    const path = /href="([^"]+\/receipt\.pdf[^"]*)"/.exec(page)?.[1]
    const answer = await fetch(hub.root + path)
    expect(answer.headers.get('content-type')).toBe('application/pdf')
    expect(answer.headers.get('content-disposition')).toMatch(/^attachment; filename="receipt-[\w-]+\.pdf"$/)
    const bytes = new Uint8Array(await answer.arrayBuffer())
    expect(bytes.length).toBeLessThan(100_000)
    const { read, language, title, tagged } = await readPdf(bytes)
    expect([language, tagged, read.includes(told.heading)]).toEqual([asked, true, true])
    expect(title).toBe(`${told.heading} ${order.reference} – ${told.payee}`)
    const texts = [told.sum, order.reference, '90999900005', 'LV07 HABA 0000 0000 0000 1', NOTE[asked]]
    expect(read.map(withPlainSpaces)).toEqual(expect.arrayContaining(texts))
  })

  it('is a PDF through the API where that is asked for', async () => {
    const order = await paid()
    const { key } = await hub.keyOf('property-tax')
    const ask = (id: string, query = '') =>
      fetch(`${hub.root}/v1/payments/${id}/receipt${query}`, {
        headers: { authorization: `Bearer ${key}`, accept: 'application/pdf' },
      })
    const answer = await ask(order.id, '?language=en')
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/pdf'])
    expect((await readPdf(new Uint8Array(await answer.arrayBuffer()))).language).toBe('en')
    expect((await ask((await ordered(hub)).id)).status).toBe(409)
    const early = await fetch(`${(await ordered(hub)).payUrl}/receipt.pdf`, { redirect: 'manual' })
    expect(early.status).toBe(303)
  })

  it('is drawn only so often in a second, since payments must not wait for it', async () => {
    const order = await paid()
    const directory = await hub.composed.merchants.directory()
    const loaded = await loadPayment(hub.database.db, 'liepkalni', order.id)
    if (!loaded) throw new Error('not stored')
    const named = namedOf(hub.composed.hub, directory, loaded)
    let now = hub.clock.now()
    const standing = { publicUrl: hub.root, clock: { now: () => now } }
    const drawn = async () => (await printReceipt(standing, directory, named, 'lv')) !== 'too_many'
    for (let times = 0; times < 20; times++) expect(await drawn()).toBe(true)
    expect(await drawn()).toBe(false)
    now += SECOND_MS
    expect(await drawn()).toBe(true)
  })

  it('is the same PDF to the byte for the same facts within a minute', async () => {
    const order = await paid()
    const directory = await hub.composed.merchants.directory()
    const loaded = await loadPayment(hub.database.db, 'liepkalni', order.id)
    if (!loaded) throw new Error('not stored')
    const named = namedOf(hub.composed.hub, directory, loaded)
    const minute = Math.ceil(hub.clock.now() / MINUTE_MS) * MINUTE_MS
    const at = (now: number) => printReceipt({ publicUrl: hub.root, clock: { now: () => now } }, directory, named, 'lv')
    const first = await at(minute)
    expect(await at(minute + MINUTE_MS - 1)).toEqual(first)
    expect(await at(minute + MINUTE_MS)).not.toEqual(first)
  })

  it('tells what went back, once it did', async () => {
    const { order } = await paidThrough(hub, 'sandbox', 'refunded')
    await hub.clock.advance(120 * SECOND_MS)
    const { body } = await hub.api('GET', `/v1/payments/${order.id}/receipt`)
    expect(body.receipt).toMatchObject({ amount: 12_345, refundedAmount: 12_345 })
  })

  it('is there only for what was paid, and for whom it was ordered', async () => {
    const open = await ordered(hub)
    expect((await hub.api('GET', `/v1/payments/${open.id}/receipt`)).body).toMatchObject({ code: 'not_paid' })
    const early = await fetch(`${open.payUrl}/receipt.json`, { redirect: 'manual' })
    expect([early.status, early.headers.get('location')]).toEqual([303, open.payUrl.replace(hub.root, '')])
    const { key } = await hub.keyOf('kindergarten')
    const order = await paid()
    expect((await hub.api('GET', `/v1/payments/${order.id}/receipt`, undefined, { key })).status).toBe(404)
  })

  it('is genuine for years, whatever keys came after; not once its key is withdrawn', async () => {
    const order = await paid()
    const old = await fileOf(order.payUrl)
    const [before] = (await jwks()).keys
    await hub.composed.tokens.rotate()
    await hub.clock.advance(2 * 365 * DAY_MS)
    const young = await fileOf(order.payUrl)
    expect([await verdictOn(old), await verdictOn(young)]).toEqual(['genuine', 'genuine'])
    expect(await hub.composed.tokens.withdraw(before?.kid ?? '')).toBe(true)
    expect([await verdictOn(old), await verdictOn(young)]).toEqual(['unknown_key', 'genuine'])
    const kidOf = (file: string) =>
      JSON.parse(Buffer.from(/"jws": "([^.]+)/.exec(file)?.[1] ?? '', 'base64url').toString()).kid
    expect(await hub.composed.tokens.withdraw(kidOf(young))).toBe(true)
    expect([await verdictOn(young), await verdictOn(await fileOf(order.payUrl))]).toEqual(['unknown_key', 'genuine'])
    expect(await hub.composed.tokens.withdraw('nobody')).toBe(false)
  })
})
