import { describe, expect, it } from 'vitest'
import type { FeedEvent, PaymentSeen } from './feed.ts'
import { openLedger } from './ledger.ts'
import { type Evidence, judge } from './verdict.ts'

/** One payment that was paid and of which a part went back, as the world and a right hub tell of it; then what may not be. */

const ATTEMPT = { id: 'att_1', offer: 'sandbox', number: '11', status: 'executed' }
const OTHER = { id: 'att_2', offer: 'swedbank-lv', number: '12', status: 'executed' }
const REFUND = { id: 'rfd_1', attempt: 'att_1', amount: 300, status: 'done' }
const VIEW = {
  ...{ id: 'pay_1', reference: 'T-1', status: 'executed', closing: null },
  ...{ attention: ['paid_twice'], amount: 1_000, paidAmount: 2_000, refundedAmount: 300 },
  ...{ refunds: [REFUND], attempts: [ATTEMPT, OTHER] },
}
type View = PaymentSeen['view']

const orderAt = (channel: string, number: string, refundedMinor: number): Evidence['orders'][number] => ({
  ...{ id: `order_${number}`, agreement: 'demo', channel, number, amount: { amountMinor: 1_000, currency: 'EUR' } },
  ...{ text: 'T-1', paid: true, refundedMinor, madeAt: 0 },
})

type Told = {
  readonly view?: Partial<View>
  readonly feed?: readonly FeedEvent[]
  /** Notices, by event: what they say of the payment. */
  readonly heard?: readonly (readonly [string, unknown])[]
  readonly ledger?: (ledger: ReturnType<typeof openLedger>) => void
}

const FEED = [1, 2, 3].map((sequence) => ({ id: `evt_${sequence}`, payment: 'pay_1', sequence }))

const judged = ({ view: more = {}, feed = FEED, heard: said, ledger: note = () => {} }: Told) => {
  const view: View = { ...VIEW, ...more }
  const ledger = openLedger()
  ledger.created.set('pay_1', { reference: 'T-1', amountMinor: 1_000, payUrl: 'http://localhost/pay/x' })
  ledger.told.add('att_2')
  ledger.refunds.set('rfd_1', { payment: 'pay_1', amountMinor: 300 })
  ledger.refundCalls.push({ order: 'order_11', number: '21', amountMinor: 300, isExecuted: true })
  note(ledger)
  const payments = [{ view, text: JSON.stringify(view) }]
  const notices = said ?? FEED.map(({ id }) => [id, view] as const)
  const heard = new Map(notices.map(([id, told]) => [id, { payment: 'pay_1', sequence: 1, body: '', view: told }]))
  const tasks = view.attention.map((kind) => ({ kind, subject: 'pay_1' }))
  const orders = [orderAt('sandbox', '11', 300), orderAt('swedbank-lv', '12', 0)]
  return judge({ ledger, payments, tasks, orders, heard, feed, followed: feed })
}

describe('the verdict', () => {
  it('finds nothing where all is right, and counts what was paid twice and seen', () => {
    expect(judged({})).toMatchObject({ breaches: [], executed: 1, paidTwice: 1, paidTwiceUnseen: 0, untold: 0 })
  })

  const call = { order: 'order_11', number: '21', amountMinor: 300, isExecuted: false }
  it.each<[string, Told, RegExp]>([
    ['two payments that nobody is told of', { view: { attention: [] } }, /was paid 2 times, unseen/],
    [
      'a repeated call that may not be',
      { ledger: (l) => l.refundCalls.push(call) },
      /may not be repeated and was sent/,
    ],
    [
      'a refund made twice by one number',
      { ledger: (l) => l.refundCalls.push({ ...call, isExecuted: true }) },
      /refund 21 of order_11 was executed 2 times/,
    ],
    [
      'a number used for another amount',
      { ledger: (l) => l.refundCalls.push({ ...call, amountMinor: 200 }) },
      /asked for over 300 and 200/,
    ],
    ['more back than was asked for', { ledger: (l) => l.refunds.clear() }, /300 went back, and 0 was asked for/],
    [
      'a payer who was turned away',
      { ledger: (l) => l.turnedAway.push({ what: 'a payer at /pay: 404', attempt: undefined }) },
      /a payer at \/pay: 404/,
    ],
    [
      'a bank that was not heard, whatever others forged',
      {
        ledger: ({ turnedAway, forged }) => {
          forged.add('att_1')
          for (const attempt of ['att_1', 'att_2']) turnedAway.push({ what: `${attempt} not taken`, attempt })
        },
      },
      /^att_2 not taken$/,
    ],
    ['a payment without its events', { feed: [] }, /pay_1 is executed, and no event tells of it/],
    ['a payment without its newest event', { feed: FEED.slice(0, 2) }, /evt_3 was heard and is not in the feed/],
    [
      'an event that nobody heard',
      { feed: [...FEED, { id: 'evt_4', payment: 'pay_1', sequence: 4 }] },
      /evt_4 .* never heard/,
    ],
    [
      'a newest notice that says what is not so any more',
      { feed: FEED.slice(0, 2), heard: [['evt_2', { ...VIEW, status: 'started' }]] },
      /the newest notice says .* GET says/,
    ],
    ['a refund in doubt that was made', { view: { refunds: [{ ...REFUND, status: 'unknown' }] } }, /paid back 300/],
  ])('finds %s', (_what, told, breach) => {
    expect(judged(told).breaches.join('\n')).toMatch(breach)
  })
})
