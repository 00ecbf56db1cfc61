import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { HOUR_MS, MINUTE_MS } from '../../src/kernel/time.ts'
import { startTestHub, type TestHub } from '../support/hub.ts'
import { visit } from '../support/payer.ts'
import { noticesOf, paidThrough, truth } from '../support/story.ts'

let hub: TestHub
beforeAll(async () => {
  hub = await startTestHub()
})
afterAll(() => hub.stop())

/** Everything a tester can decide at a bank, and what hub and e-service must make of it at once and in the end. */
type Row = {
  readonly choice: string
  /** Status as soon as the messages have arrived, and the page the payer sees at `payUrl`. */
  readonly first: string
  readonly page: string
  /** After `laterMs` more. */
  readonly laterMs: number
  readonly end: string
  readonly attention?: readonly string[]
  readonly notices: readonly string[]
}

const EXECUTED = ['payment.started', 'payment.executed']

const swedbank: readonly Row[] = [
  { choice: 'pay', first: 'executed', page: 'paid', laterMs: 3 * HOUR_MS, end: 'executed', notices: EXECUTED },
  { choice: 'pay_back_by_get', first: 'executed', page: 'paid', laterMs: 0, end: 'executed', notices: EXECUTED },
  {
    choice: 'cancel',
    first: 'open',
    page: 'not-paid',
    laterMs: 3 * HOUR_MS,
    end: 'open',
    notices: ['payment.started', 'payment.open'],
  },
  {
    choice: 'close_window',
    first: 'started',
    page: 'processing-asking',
    laterMs: 30 * HOUR_MS,
    end: 'open',
    notices: ['payment.started', 'payment.open'],
  },
  { choice: 'return_lost', first: 'executed', page: 'paid', laterMs: 0, end: 'executed', notices: EXECUTED },
  { choice: 'notice_lost', first: 'executed', page: 'paid', laterMs: 0, end: 'executed', notices: EXECUTED },
  {
    choice: 'both_lost',
    first: 'started',
    page: 'processing-asking',
    laterMs: 30 * HOUR_MS,
    end: 'open',
    notices: ['payment.started', 'payment.open'],
  },
  {
    choice: 'notice_late',
    first: 'executed',
    page: 'paid',
    laterMs: 3 * MINUTE_MS,
    end: 'executed',
    notices: EXECUTED,
  },
  {
    choice: 'paid_later',
    first: 'started',
    page: 'processing-asking',
    laterMs: 3 * MINUTE_MS,
    end: 'executed',
    notices: EXECUTED,
  },
  { choice: 'notice_twice', first: 'executed', page: 'paid', laterMs: MINUTE_MS, end: 'executed', notices: EXECUTED },
  { choice: 'next_key', first: 'executed', page: 'paid', laterMs: 0, end: 'executed', notices: EXECUTED },
  { choice: 'other_charset', first: 'executed', page: 'paid', laterMs: 0, end: 'executed', notices: EXECUTED },
  {
    choice: 'wrong_amount',
    first: 'accepted',
    page: 'attention-checked',
    laterMs: 30 * HOUR_MS,
    end: 'accepted',
    attention: ['amount_mismatch', 'stuck'],
    notices: ['payment.started', 'payment.accepted', 'payment.attention'],
  },
  {
    choice: 'wrong_currency',
    first: 'accepted',
    page: 'attention-checked',
    laterMs: 0,
    end: 'accepted',
    attention: ['currency_mismatch'],
    notices: ['payment.started', 'payment.accepted'],
  },
  {
    choice: 'bad_signature',
    first: 'started',
    page: 'processing-asking',
    laterMs: 0,
    end: 'started',
    notices: ['payment.started'],
  },
  {
    choice: 'strangers_key',
    first: 'started',
    page: 'processing-asking',
    laterMs: 0,
    end: 'started',
    notices: ['payment.started'],
  },
  {
    choice: 'other_merchant',
    first: 'started',
    page: 'processing-asking',
    laterMs: 0,
    end: 'started',
    notices: ['payment.started'],
  },
  {
    choice: 'replay',
    first: 'started',
    page: 'processing-asking',
    laterMs: 0,
    end: 'started',
    notices: ['payment.started'],
  },
]

const sandbox: readonly Row[] = [
  { choice: 'pay', first: 'executed', page: 'paid', laterMs: HOUR_MS, end: 'executed', notices: EXECUTED },
  {
    choice: 'processing',
    first: 'accepted',
    page: 'processing-taken',
    laterMs: 2 * MINUTE_MS,
    end: 'executed',
    notices: ['payment.started', 'payment.accepted', 'payment.executed'],
  },
  {
    choice: 'decline',
    first: 'open',
    page: 'not-paid',
    laterMs: HOUR_MS,
    end: 'open',
    notices: ['payment.started', 'payment.open'],
  },
  {
    choice: 'cancel',
    first: 'open',
    page: 'not-paid',
    laterMs: 0,
    end: 'open',
    notices: ['payment.started', 'payment.open'],
  },
  {
    choice: 'close_window',
    first: 'started',
    page: 'processing-asking',
    laterMs: HOUR_MS,
    end: 'open',
    notices: ['payment.started', 'payment.open'],
  },
  { choice: 'return_lost', first: 'executed', page: 'paid', laterMs: 0, end: 'executed', notices: EXECUTED },
  { choice: 'notice_lost', first: 'executed', page: 'paid', laterMs: 0, end: 'executed', notices: EXECUTED },
  {
    choice: 'both_lost',
    first: 'started',
    page: 'processing-asking',
    laterMs: 2 * MINUTE_MS,
    end: 'executed',
    notices: EXECUTED,
  },
  {
    choice: 'notice_late',
    first: 'executed',
    page: 'paid',
    laterMs: 3 * MINUTE_MS,
    end: 'executed',
    notices: EXECUTED,
  },
  { choice: 'notice_twice', first: 'executed', page: 'paid', laterMs: 0, end: 'executed', notices: EXECUTED },
  {
    choice: 'declined_then_paid',
    first: 'open',
    page: 'not-paid',
    laterMs: 2 * MINUTE_MS,
    end: 'executed',
    attention: ['contradiction'],
    notices: ['payment.started', 'payment.open', 'payment.executed'],
  },
  {
    choice: 'refunded',
    first: 'executed',
    page: 'paid',
    laterMs: 2 * MINUTE_MS,
    end: 'executed',
    attention: ['reversed'],
    notices: [...EXECUTED, 'refund.done'],
  },
  {
    choice: 'reversed',
    first: 'executed',
    page: 'paid',
    laterMs: 2 * MINUTE_MS,
    end: 'executed',
    attention: ['reversed'],
    notices: [...EXECUTED, 'payment.attention'],
  },
  {
    choice: 'wrong_amount',
    first: 'accepted',
    page: 'attention-checked',
    laterMs: 0,
    end: 'accepted',
    attention: ['amount_mismatch'],
    notices: ['payment.started', 'payment.accepted'],
  },
  {
    choice: 'wrong_currency',
    first: 'accepted',
    page: 'attention-checked',
    laterMs: 0,
    end: 'accepted',
    attention: ['currency_mismatch'],
    notices: ['payment.started', 'payment.accepted'],
  },
  {
    choice: 'wrong_account',
    first: 'accepted',
    page: 'attention-checked',
    laterMs: 0,
    end: 'accepted',
    attention: ['payee_mismatch'],
    notices: ['payment.started', 'payment.accepted'],
  },
  {
    choice: 'bad_signature',
    first: 'started',
    page: 'processing-asking',
    laterMs: 0,
    end: 'started',
    notices: ['payment.started'],
  },
  {
    choice: 'strangers_key',
    first: 'started',
    page: 'processing-asking',
    laterMs: 0,
    end: 'started',
    notices: ['payment.started'],
  },
  {
    choice: 'other_merchant',
    first: 'started',
    page: 'processing-asking',
    laterMs: 0,
    end: 'started',
    notices: ['payment.started'],
  },
  {
    choice: 'replay',
    first: 'started',
    page: 'processing-asking',
    laterMs: 0,
    end: 'started',
    notices: ['payment.started'],
  },
  {
    choice: 'false_return',
    first: 'started',
    page: 'processing-asking',
    laterMs: 0,
    end: 'started',
    notices: ['payment.started'],
  },
]

describe.each([
  { channel: 'swedbank-lv', rows: swedbank },
  { channel: 'sandbox', rows: sandbox },
])('what becomes of a payment through $channel', ({ channel, rows }) => {
  it.each(rows)('$choice ends as $end', async ({ choice, first, page, laterMs, end, attention = [], notices }) => {
    const { order } = await paidThrough(hub, channel, choice)
    expect(await truth(hub, order.id)).toMatchObject({ status: first })
    expect((await visit(order.payUrl)).page).toBe(page)
    if (laterMs > 0) await hub.clock.advance(laterMs)
    await hub.settle()
    const last = await truth(hub, order.id)
    expect(last).toMatchObject({ status: end, attention })
    expect(last.paidAmount).toBe(end === 'executed' ? 12_345 : 0)
    expect(noticesOf(hub, order.id)).toEqual(notices)
    expect(last.events.map((event: { sequence: number }) => event.sequence)).toEqual(
      notices.map((_, place) => place + 1),
    )
  })
})
