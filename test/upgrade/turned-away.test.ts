import { expect, it } from 'vitest'
import type { PaymentSeen } from '../torture/feed.ts'
import { type Asked, answeredByBoth, wronglyTurnedAway } from './turned-away.ts'

const seen = (id: string, status: string, attempt: string, number: string): PaymentSeen => ({
  view: {
    ...{ id, status, reference: id, closing: null, attention: [], refunds: [] },
    ...{ amount: 100, paidAmount: 0, refundedAmount: 0 },
    attempts: [{ id: attempt, offer: 'sandbox', number, status: 'started' }],
  },
  text: '',
})
const payments = [
  seen('pay_forged', 'started', 'att_forged', '1'),
  seen('pay_true', 'executed', 'att_true', '2'),
  seen('pay_left', 'cancelled', 'att_left', '3'),
]
const order = (number: string, choice: string): Asked['orders'][number] => ({
  ...{
    id: number,
    channel: 'sandbox',
    agreement: 'sandbox',
    number,
    text: '',
    paid: false,
    refundedMinor: 0,
    madeAt: 0,
  },
  amount: { amountMinor: 100, currency: 'EUR' },
  decided: { id: choice, name: { en: choice }, tells: { en: choice } },
})
const orders = [order('1', 'bad_signature'), order('2', 'pay'), order('3', 'cancel')]
const NOTICE = (attempt: string) => `/psp/sandbox/liepkalni-sandbox/${attempt}/notice`

const RIGHTLY: readonly (readonly [string, number])[] = [
  [NOTICE('att_forged'), 400],
  ['/v1/payments/pay_true/cancel', 409],
]
const WRONGLY: readonly (readonly [what: string, path: string, status: number])[] = [
  ['a true message of a bank', NOTICE('att_true'), 400],
  ['a message of a bank, as if its address were unknown', NOTICE('att_forged'), 404],
  ['a payment’s page', '/pay/00000000000000000000000000000000', 404],
  ['the cancelling of what was still to be cancelled', '/v1/payments/pay_left/cancel', 409],
  ['an order', '/v1/payments', 422],
]

const judged = (...answers: readonly (readonly [path: string, status: number])[]) =>
  wronglyTurnedAway({
    turnedAway: answers.map(([path, status]) => ({ method: 'POST', path, status })),
    payments,
    orders,
  })

it('lets pass what one release alone would answer too, each forged message once', () => {
  expect(judged(...RIGHTLY)).toEqual([])
  expect(judged(...RIGHTLY, [NOTICE('att_forged'), 400])).toHaveLength(1)
})

it.each(WRONGLY)('names %s', (_what, path, status) => {
  expect(judged([path, status])).toEqual([`POST ${path}: ${status}, which one release alone would not answer`])
})

it('counts what both have answered', () => {
  const answers = { '/pay/a': [1, 2], '/pay/b': [1], '/psp/a/b/att_1': [2, 1], '/psp/a/b/att_2': [2] }
  const asked = new Map(Object.entries(answers).map(([what, ports]) => [what, new Set(ports)]))
  expect(answeredByBoth(asked)).toEqual({ pages: 1, attempts: 1 })
})
