import { describe, expect, it } from 'vitest'
import { MINUTE_MS, parseInstant, SECOND_MS } from '../../kernel/time.ts'
import { writeForm } from '../../wire/form.ts'
import type { Order, WireMessage } from '../channel.ts'
import { testAgreement, testBank, throwAwayKeys } from '../conformance/agreement.ts'
import type { SentMessage } from '../simulator.ts'
import { sebLvChannel as channel } from './channel.ts'
import { sebLvSimulator as simulator } from './simulator.ts'

const NOW = parseInstant('2026-11-23T07:15:00Z') ?? 0
const ROOT = 'https://bank.example/seb-lv'
const BACK = 'https://hub.example/att_1/back'
const merchant = throwAwayKeys('rsa')
const bankKey = throwAwayKeys('rsa')
const payee = { iban: 'LV50UNLA0000000000002', name: 'Liepkalnu novada pašvaldība' }
const settings = { senderId: 'LIEPKALNI', url: ROOT }
const bank = testBank({
  now: NOW,
  root: ROOT,
  keys: [bankKey.privateKey, bankKey.privateKey],
  stranger: merchant.privateKey,
  merchant: merchant.publicKey,
})
const opening = simulator.start({ agreements: [{ id: 'liepkalni-seb', settings, payee }] })
const BOOKED = 'liepkalni-seb-1001'

const ORDER: Order = {
  attempt: { id: 'att_1', number: '1001' },
  amount: { amountMinor: 1234, currency: 'EUR' },
  payee,
  reference: 'NIN-2026-000123',
  description: 'Nodoklis',
  language: 'lv',
  addresses: { back: BACK, notice: 'https://hub.example/att_1/notice' },
}

type Fields = readonly (readonly [string, string])[]

const formOf = async (order: Partial<Order> = {}): Promise<Fields> => {
  const keys = { merchant: { privateKey: merchant.privateKey } }
  const step = await channel.begin({ ...ORDER, ...order }, testAgreement(channel, { settings, keys, now: NOW }))
  return step.step === 'form' ? step.fields : expect.fail(step.step)
}

const posted = (fields: Fields): WireMessage & { path: string } => {
  const form = writeForm(fields, 'UTF-8')
  const body = new TextEncoder().encode(form.ok ? form.value : '')
  return { method: 'POST', url: ROOT, path: '', headers: {}, body, receivedAt: NOW }
}
const altered = (fields: Fields, name: string, value: string): Fields =>
  fields.map((field) => (field[0] === name ? ([name, value] as const) : field))

const decided = async (choice: string) => {
  const { state } = await simulator.request(opening, posted(await formOf()), bank)
  return simulator.choose(state, BOOKED, choice, bank)
}

/** `0003` after 0 ms, sent again a hundred times, and then what waited for its answer. */
const told = ({ body, afterMs, repeat, onceTaken }: SentMessage): string => {
  const fields = new URLSearchParams(new TextDecoder().decode(body))
  const word = `${fields.get('IB_SERVICE')} ${fields.get('IB_STATUS') ?? ''}`.trim()
  const again = repeat ? ` again ${repeat.times} × ${repeat.everyMs / MINUTE_MS} min` : ''
  const then = onceTaken && onceTaken.length > 0 ? `, then ${onceTaken.map(told).join(', ')}` : ''
  return `${word} at ${afterMs / SECOND_MS} s${again}${then}`
}

describe('the simulated SEB', () => {
  it('sends the browser on to a page for the order, and books it', async () => {
    const taken = await simulator.request(opening, posted(await formOf()), bank)
    expect(taken.answer).toMatchObject({ kind: 'carry', method: 'GET', url: `${ROOT}/order/${BOOKED}` })
    const visit = await simulator.request(taken.state, { ...posted([]), method: 'GET', path: `/order/${BOOKED}` }, bank)
    expect(visit.answer).toEqual({ kind: 'page', order: BOOKED })
    expect(simulator.orders(visit.state)).toMatchObject([
      {
        id: BOOKED,
        agreement: 'liepkalni-seb',
        number: '1001',
        amount: ORDER.amount,
        language: 'lv',
        paid: false,
        madeAt: NOW,
      },
    ])
  })

  it.each<[RegExp, (fields: Fields) => Fields]>([
    [/no merchant is called/, (fields) => altered(fields, 'IB_SND_ID', 'CITS')],
    [/is no order/, (fields) => altered(fields, 'IB_SERVICE', '0003')],
    [/IB_VERSION does not fit/, (fields) => altered(fields, 'IB_VERSION', '001')],
    [/IB_NAME is not in the form/, (fields) => fields.filter(([name]) => name !== 'IB_NAME')],
    [/IB_CRC or IB_VERSION does not fit/, (fields) => altered(fields, 'IB_AMOUNT', '1.34')],
    [/is not an amount like/, (fields) => altered(fields, 'IB_AMOUNT', '12,34')],
    [/IB_NAME is longer than 30/, (fields) => altered(fields, 'IB_NAME', 'ķ'.repeat(31))],
    [/is not taken here/, (fields) => altered(fields, 'IB_CURR', 'USD')],
    [/IB_FEEDBACK is no address/, (fields) => altered(fields, 'IB_FEEDBACK', 'javascript:alert(1)')],
    [/IB_LANG must be/, (fields) => altered(fields, 'IB_LANG', 'XXX')],
  ])('does not take an order with the fault %s', async (fault, spoil) => {
    const { answer, state } = await simulator.request(opening, posted(spoil(await formOf())), bank)
    expect(answer).toMatchObject({ kind: 'sentence', status: 400, text: { en: expect.stringMatching(fault) } })
    expect(simulator.orders(state)).toEqual([])
  })

  it('shows the same order for the same number, takes no other under it, and none once it is paid', async () => {
    const once = await simulator.request(opening, posted(await formOf()), bank)
    const again = await simulator.request(once.state, posted(await formOf()), bank)
    expect([again.answer.kind, simulator.orders(again.state).length]).toEqual(['carry', 1])
    const other = await formOf({ amount: { amountMinor: 99, currency: 'EUR' } })
    expect((await simulator.request(again.state, posted(other), bank)).answer).toMatchObject({ status: 400 })
    const paid = await simulator.choose(again.state, BOOKED, 'pay', bank)
    const late = await simulator.request(paid.state, posted(await formOf()), bank)
    expect(late.answer).toMatchObject({ kind: 'sentence', status: 200, language: 'lv' })
    const twice = await simulator.choose(paid.state, BOOKED, 'pay', bank)
    expect([twice.send, simulator.orders(twice.state)]).toEqual([[], simulator.orders(paid.state)])
  })

  it.each([
    ['pay', ['0003 at 0 s again 100 × 1 min, then 0004 ACCOMPLISHED at 2 s']],
    ['notice_late', ['0003 at 0 s again 100 × 1 min, then 0004 ACCOMPLISHED at 120 s']],
    ['cancelled_later', ['0003 at 0 s again 100 × 1 min, then 0004 CANCELLED at 120 s']],
    ['reordered', ['0004 ACCOMPLISHED at 0 s', '0003 at 2 s again 100 × 1 min']],
    ['accepted_lost', ['0004 ACCOMPLISHED at 0 s']],
    ['cancel', ['0004 CANCELLED at 0 s']],
    ['both_lost', []],
    ['bad_signature', ['0003 at 0 s', '0004 ACCOMPLISHED at 2 s']],
  ])('after "%s" its server sends %j', async (choice, sends) => {
    const { send } = await decided(choice)
    expect(send.map(told)).toEqual(sends)
    expect(new Set(send.map(({ url }) => url)).size).toBe(send.length > 0 ? 1 : 0)
  })

  it.each([
    ['pay', true, 1234, 'EUR'],
    ['both_lost', true, 1234, 'EUR'],
    ['wrong_amount', true, 1233, 'EUR'],
    ['wrong_currency', true, 1234, 'USD'],
    ['cancel', false, 1234, 'EUR'],
    ['cancelled_later', false, 1234, 'EUR'],
    ['close_window', false, 1234, 'EUR'],
    ['strangers_key', false, 1234, 'EUR'],
  ])('books what really happened after "%s"', async (choice, paid, amountMinor, currency) => {
    const { state } = await decided(choice)
    expect(simulator.orders(state)).toMatchObject([{ paid, amount: { amountMinor, currency } }])
  })

  it('has nothing to replay before anybody has paid', async () => {
    expect((await decided('replay')).answer).toMatchObject({ kind: 'sentence', status: 409 })
  })
})
