import { expect, it } from 'vitest'
import type { PaymentSeen } from '../torture/feed.ts'
import { compareBooks, type Evidence, isLeftOut } from './books.ts'

const refund = (status: string) => [{ id: 'rfd_1', attempt: 'att_1', amount: 1, status }]
const payment = (status: string, refunds: PaymentSeen['view']['refunds'] = []): PaymentSeen => {
  const view = {
    ...{ id: 'pay_1', status, reference: 'R', closing: null, attention: [], refunds, amount: 100 },
    ...{ paidAmount: status === 'executed' ? 100 : 0, refundedAmount: refunds.length > 0 ? 1 : 0 },
    attempts: [{ id: 'att_1', offer: 'sandbox', number: '1', status }],
  }
  return { view, text: JSON.stringify(view) }
}
const order = (number: string, refundedMinor = 0): Evidence['orders'][number] => ({
  ...{ id: `order-${number}`, channel: 'sandbox', agreement: 'liepkalni-sandbox', number, text: '', madeAt: 0 },
  ...{ amount: { amountMinor: 100, currency: 'EUR' }, paid: true, refundedMinor },
})
const evidence: Evidence = {
  ...{ orders: [order('1')], payments: [payment('executed')], kept: ['pay_1'], keptRefunds: new Map() },
  told: { numbers: { from: 5, to: 9 }, asked: 1, unaskable: [], refunds: [] },
  ...{ executedThen: new Set(), heard: new Map(), unanswered: new Set(), askedBack: [], tasks: [] },
  ...{ parked: new Set(), toldSince: new Set() },
}

it('finds again what was paid after the moment, and nothing to complain of', () => {
  expect(compareBooks(evidence)).toMatchObject({ foundMinor: 100, foundAgainMinor: 100, breaches: [] })
  expect(compareBooks({ ...evidence, executedThen: new Set(['pay_1']) })).toMatchObject({ foundAgainMinor: 0 })
})

it('counts an order that is gone as told by a parked message, or only by the bank', () => {
  const orders = [order('1'), order('2'), order('3')]
  const books = compareBooks({ ...evidence, orders, parked: new Set(['liepkalni-sandbox 2']) })
  expect(books).toMatchObject({ parkedMinor: 100, onlyAtBankMinor: 100, breaches: [] })
  expect(books.gone.map(({ order: { number }, isParked }) => [number, isParked])).toEqual([
    ['2', true],
    ['3', false],
  ])
})

const asked = { askedBack: [{ payment: 'pay_1', amountMinor: 1 }], orders: [order('1', 1)] }
const BROKEN: readonly (readonly [what: string, more: Partial<Evidence>])[] = [
  [
    'an order that is gone, of which a bank told the restored hub in vain',
    { orders: [order('1'), order('2')], toldSince: new Set(['sandbox order-2']) },
  ],
  ['a payment that was acknowledged before the moment and is gone', { kept: ['pay_1', 'pay_2'] }],
  ['money at a bank that nobody is told of', { payments: [payment('started')] }],
  ['what is executed without money', { orders: [{ ...order('1'), paid: false }] }],
  ['a refund that was acknowledged before the moment and is gone', { keptRefunds: new Map([['rfd_1', 1]]) }],
  ['a refund that waits without a task', { ...asked, payments: [payment('executed', refund('requested'))] }],
  ['what a bank gave back and the hub does not say', asked],
  [
    'what a bank gave back and nobody asked for',
    { ...asked, payments: [payment('executed', refund('done'))], askedBack: [] },
  ],
]

it.each(BROKEN)('names %s', (_what, more) => {
  expect(compareBooks({ ...evidence, ...more }).breaches).toHaveLength(1)
})

it('lets a refund wait that a person has for a task', () => {
  const tasks = [{ kind: 'refund_unsettled', subject: 'pay_1', part: 'rfd_1' }]
  const books = compareBooks({ ...evidence, ...asked, payments: [payment('executed', refund('unknown'))], tasks })
  expect(books.breaches).toEqual([])
})

it('lets only the gap pass that a restore leaves in the numbers of events', () => {
  const told = (sequence: number, before: number) => `pay_1: event ${sequence} was first acknowledged after ${before}`
  expect([told(1_004, 3), told(1_004, 0)].every(isLeftOut)).toBe(true)
  const wrong = [told(5, 3), told(1_006, 1_004), told(3, 1_004), 'a notice does not verify: wrong_signature']
  expect(wrong.filter(isLeftOut)).toEqual([])
  expect(isLeftOut('evt_1 came again with another body')).toBe(false)
})
