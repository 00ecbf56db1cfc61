import { describe, expect, it } from 'vitest'
import { MINUTE_MS, parseInstant } from '../../kernel/time.ts'
import { writeForm } from '../../wire/form.ts'
import type { Order, WireMessage } from '../channel.ts'
import { testAgreement, testBank, throwAwayKeys } from '../conformance/agreement.ts'
import { swedbankLvChannel as channel } from '../swedbank-lv/channel.ts'
import { swedbankLvSimulator as simulator } from '../swedbank-lv/simulator.ts'

const NOW = parseInstant('2026-11-23T07:15:00Z') ?? 0
const ROOT = 'https://bank.example/swedbank-lv'
const merchant = throwAwayKeys('rsa')
const bankKey = throwAwayKeys('rsa')
const payee = { iban: 'LV07HABA0000000000001', name: 'Liepkalnu novada pašvaldība' }
const settings = { senderId: 'LIEPKALNI', bankId: 'HP', service: '1012', version: '009', url: ROOT }
const bank = testBank({
  now: NOW,
  root: ROOT,
  keys: [bankKey.privateKey],
  stranger: merchant.privateKey,
  merchant: merchant.publicKey,
})
const opening = simulator.start({ agreements: [{ id: 'liepkalni-swedbank', settings, payee }] })

const ORDER: Order = {
  attempt: { id: 'att_1', number: '1001' },
  amount: { amountMinor: 1234, currency: 'EUR' },
  payee,
  reference: 'NIN-2026-000123',
  description: 'Nodoklis',
  language: 'lv',
  addresses: { back: 'https://hub.example/att_1/back', notice: 'https://hub.example/att_1/notice' },
}

type Fields = readonly (readonly [string, string])[]

const formOf = async (order: Partial<Order> = {}, given: { now?: number; settings?: object } = {}): Promise<Fields> => {
  const keys = { merchant: { privateKey: merchant.privateKey } }
  const agreement = testAgreement(channel, {
    settings: { ...settings, ...given.settings },
    keys,
    now: given.now ?? NOW,
  })
  const step = await channel.begin({ ...ORDER, ...order }, agreement)
  return step.step === 'form' ? step.fields : expect.fail(step.step)
}

const posted = (fields: Fields): WireMessage & { path: string } => {
  const form = writeForm(fields, 'UTF-8')
  const body = new TextEncoder().encode(form.ok ? form.value : '')
  return { method: 'POST', url: ROOT, path: '', headers: {}, body, receivedAt: NOW }
}
const altered = (fields: Fields, name: string, value: string): Fields =>
  fields.map((field) => (field[0] === name ? ([name, value] as const) : field))

describe('a simulated bank', () => {
  it('sends the browser on to a page for the order, and books it', async () => {
    const taken = await simulator.request(opening, posted(await formOf()), bank)
    const url = `${ROOT}/order/liepkalni-swedbank-1001`
    expect(taken.answer).toMatchObject({ kind: 'carry', method: 'GET', url })
    const path = '/order/liepkalni-swedbank-1001'
    const visit = await simulator.request(taken.state, { ...posted([]), method: 'GET', path }, bank)
    expect(visit.answer).toEqual({ kind: 'page', order: 'liepkalni-swedbank-1001' })
    expect(simulator.orders(visit.state)).toEqual([
      {
        id: 'liepkalni-swedbank-1001',
        agreement: 'liepkalni-swedbank',
        number: '1001',
        amount: ORDER.amount,
        text: 'NIN-2026-000123 Nodoklis',
        language: 'lv',
        paid: false,
        refundedMinor: 0,
        madeAt: NOW,
      },
    ])
  })

  it.each<[RegExp, (fields: Fields) => Fields]>([
    [/no merchant is called/, (fields) => altered(fields, 'VK_SND_ID', 'CITS')],
    [/is no order/, (fields) => altered(fields, 'VK_SERVICE', '1111')],
    [/VK_VERSION must be 009/, (fields) => altered(fields, 'VK_VERSION', '008')],
    [/VK_REF is not in the form/, (fields) => fields.filter(([name]) => name !== 'VK_REF')],
    [/VK_ENCODING must be UTF-8/, (fields) => altered(fields, 'VK_ENCODING', 'WINDOWS-1257')],
    [/VK_MAC does not fit/, (fields) => altered(fields, 'VK_AMOUNT', '1.34')],
    [/VK_LANG must be one of/, (fields) => altered(fields, 'VK_LANG', 'XXX')],
  ])('does not take an order with the fault %s', async (fault, spoil) => {
    const { answer, state } = await simulator.request(opening, posted(spoil(await formOf())), bank)
    expect(answer).toMatchObject({ kind: 'sentence', status: 400, text: { en: expect.stringMatching(fault) } })
    expect(simulator.orders(state)).toEqual([])
  })

  it.each([
    ['VK_CURR "USD" is not taken here', { amount: { amountMinor: 1, currency: 'USD' } }, {}],
    ['VK_AMOUNT "0.00" cannot be paid', { amount: { amountMinor: 0, currency: 'EUR' } }, {}],
    ['VK_DATETIME is more than 5 minutes away', {}, { now: NOW - 5 * MINUTE_MS - 1000 }],
    ['VK_DATETIME is more than 5 minutes away', {}, { now: NOW + 5 * MINUTE_MS + 1000 }],
  ])('says: %s', async (fault, order, given) => {
    const { answer } = await simulator.request(opening, posted(await formOf(order, given)), bank)
    expect(answer).toMatchObject({ kind: 'sentence', text: { en: `The bank does not take this order: ${fault}.` } })
  })

  it('passes over fields it does not know, and takes orders of all four services', async () => {
    for (const service of ['1001', '1002', '1011', '1012']) {
      const fields = await formOf({}, { settings: { service } })
      const { answer } = await simulator.request(opening, posted([...fields, ['VK_NEW', 'x']]), bank)
      expect(answer.kind).toBe('carry')
    }
  })

  it('shows the same order for the same number, takes no other under it, and none once it is paid', async () => {
    const once = await simulator.request(opening, posted(await formOf()), bank)
    const again = await simulator.request(once.state, posted(await formOf()), bank)
    expect([again.answer.kind, simulator.orders(again.state).length]).toEqual(['carry', 1])
    const other = await formOf({ amount: { amountMinor: 99, currency: 'EUR' } })
    expect((await simulator.request(again.state, posted(other), bank)).answer).toMatchObject({ status: 400 })
    const paid = await simulator.choose(again.state, 'liepkalni-swedbank-1001', 'pay', bank)
    const late = await simulator.request(paid.state, posted(await formOf()), bank)
    expect(late.answer).toMatchObject({ kind: 'sentence', status: 200, language: 'lv' })
    const twice = await simulator.choose(paid.state, 'liepkalni-swedbank-1001', 'pay', bank)
    expect([twice.send, simulator.orders(twice.state)]).toEqual([[], simulator.orders(paid.state)])
  })

  it.each([
    ['pay', true, 1234, 'EUR'],
    ['both_lost', true, 1234, 'EUR'],
    ['wrong_amount', true, 1233, 'EUR'],
    ['wrong_currency', true, 1234, 'USD'],
    ['cancel', false, 1234, 'EUR'],
    ['close_window', false, 1234, 'EUR'],
    ['bad_signature', false, 1234, 'EUR'],
    ['other_merchant', false, 1234, 'EUR'],
  ])('books what really happened after "%s"', async (choice, paid, amountMinor, currency) => {
    const { state } = await simulator.request(opening, posted(await formOf()), bank)
    const decided = await simulator.choose(state, 'liepkalni-swedbank-1001', choice, bank)
    expect(simulator.orders(decided.state)).toMatchObject([{ paid, amount: { amountMinor, currency } }])
  })

  it('has nothing to replay before anybody has paid', async () => {
    const { state } = await simulator.request(opening, posted(await formOf()), bank)
    const { answer } = await simulator.choose(state, 'liepkalni-swedbank-1001', 'replay', bank)
    expect(answer).toMatchObject({ kind: 'sentence', status: 409 })
  })
})
