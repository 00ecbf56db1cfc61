import { expect } from 'vitest'
import type { TestHub } from './hub.ts'
import { visit } from './payer.ts'
import { noticesOf, paidThrough, truth } from './story.ts'

/** Something a tester can decide at a bank, and what hub and e-service must make of it at once and in the end. */
export type Outcome = {
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

/** Pays through the channel with that decision, and holds what becomes of it against the row. */
export const expectOutcome = async (
  hub: TestHub,
  channel: string,
  { choice, first, page, laterMs, end, attention = [], notices }: Outcome,
): Promise<void> => {
  const { order } = await paidThrough(hub, channel, choice)
  expect(await truth(hub, order.id)).toMatchObject({ status: first })
  expect((await visit(order.payUrl)).page).toBe(page)
  if (laterMs > 0) await hub.clock.advance(laterMs)
  await hub.settle()
  const last = await truth(hub, order.id)
  expect(last).toMatchObject({ status: end, attention })
  expect(last.paidAmount).toBe(end === 'executed' ? 12_345 : 0)
  expect(noticesOf(hub, order.id)).toEqual(notices)
  expect(last.events.map((event: { sequence: number }) => event.sequence)).toEqual(notices.map((_, place) => place + 1))
}
