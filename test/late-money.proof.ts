import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../src/kernel/time.ts'
import { BACK } from './late-money/back.ts'
import type { Case, Expected, LateHub } from './late-money/case.ts'
import { CORRECTED, SAID_AGAIN } from './late-money/corrected.ts'
import { drawLateMoney, type Played } from './late-money/draw.ts'
import { LATE } from './late-money/late.ts'
import { AMOUNT_MINOR, type Bill, IN_THE_END_MS, openTasks, pass } from './late-money/moves.ts'
import { heartOf, observe, type Seen } from './late-money/observe.ts'
import { playTogether } from './late-money/together.ts'
import { FREED_REFERENCES, TWO_ATTEMPTS } from './late-money/twice.ts'
import { UNANSWERED } from './late-money/unanswered.ts'
import { startLine } from './rigs/line.ts'
import { startTestHub } from './support/hub.ts'
import { verdictOf, whatThePageSays } from './support/oracle.ts'
import { truth } from './support/story.ts'

/** Late, twice, over, under, reversed: every case ends in a right state, or in a task with its action. */

/** The bogus bank is asked by the hour, so that days pass in seconds. */
const ASK_AFTER = 'askAfterSeconds: { begun: 30, returned: 2, asked: [5, 30, 3600] }'

/** A block takes a few seconds on a quiet machine. */
const SLOW_MACHINE_MS = 300_000

let hub: LateHub
beforeAll(async () => {
  const now = systemClock.now()
  const line = await startLine()
  const file = (text: string) =>
    text.replaceAll(/http:\/\/localhost:\d+\/sandbox",/g, `${line.root}/sandbox", ${ASK_AFTER},`)
  hub = { ...(await startTestHub({ file, runsWith: { now: () => now } })), line }
  line.leadTo(hub.world.root)
})
afterAll(async () => {
  await hub.stop()
  await hub.line.stop()
})

const BLOCKS = [LATE, TWO_ATTEMPTS, FREED_REFERENCES, CORRECTED, SAID_AGAIN, BACK, UNANSWERED]
const played: Played[] = []

/** What of a payment the rules speak about. */
const judged = ({ status, closing, flags, paid, refunded, reversed, refunds, tasks }: Seen) => ({
  status,
  closing,
  flags,
  paid,
  refunded,
  reversed,
  refunds,
  tasks: tasks.map(({ kind }) => kind),
})
const wanted = ({ status, closing, flags, paidTimes, refunded, reversed, refunds, tasks = [] }: Expected) => ({
  status,
  closing: closing ?? null,
  flags: flags.toSorted(),
  paid: AMOUNT_MINOR * (paidTimes ?? (status === 'executed' ? 1 : 0)),
  refunded: refunded ?? 0,
  reversed: reversed ?? 0,
  refunds: refunds?.toSorted() ?? [],
  // Each flag is a task, and nothing else is but what is named.
  tasks: [...flags, ...tasks].toSorted(),
})

/** Whatever the case, what is shown hangs together and the payment is nobody's dead end. */
const holdsTogether = async (bill: Bill, { tasks, notices }: Seen) => {
  const { facts, state, next } = await heartOf(hub, bill)
  // A second book of rules, written from the page, comes to the same; words of a person that settle something are not in it.
  if (!facts.some(({ fact }) => fact === 'ruled')) expect(verdictOf(state)).toEqual(whatThePageSays(facts))
  expect(state.final || next !== undefined || tasks.length > 0, 'it ends, goes on, or has a person').toBe(true)
  for (const task of tasks) expect(task.takes, task.kind).not.toEqual([])
  const { events, ...shown } = await truth(hub, bill.id)
  const numbered = notices.map((type, before) => `${before + 1} ${type}`)
  expect(events.map(({ type, sequence }) => `${sequence} ${type}`)).toEqual(numbered)
  const last = hub.notices.findLast(({ notice }) => notice.data.payment.id === bill.id)
  expect(shown).toMatchObject(last?.notice.data.payment ?? {})
}

describe.each(BLOCKS)('$title', (block) => {
  const told = new Map<Case, { readonly bills: readonly Bill[]; readonly seen: readonly Seen[] }>()

  beforeAll(async () => {
    const stories = block.cases.map((one) => async (stage: LateHub) => ({ one, bills: await one.play(stage) }))
    const ended = await playTogether(hub, stories)
    await pass(hub, IN_THE_END_MS)
    const open = await openTasks(hub)
    for (const { one, bills } of ended) {
      const seen = await Promise.all(bills.map((bill) => observe(hub, bill, open)))
      told.set(one, { bills, seen })
      played.push({ block, one, seen })
    }
  }, SLOW_MACHINE_MS)

  it.each(block.cases)('$before: $came', async (one) => {
    const { bills = [], seen = [] } = told.get(one) ?? {}
    expect(seen.map(judged)).toEqual(one.expected.map(wanted))
    for (const [place, { paidBackAtBank }] of one.expected.entries()) {
      if (paidBackAtBank !== undefined) expect(seen[place]).toMatchObject({ paidBackAtBank })
    }
    await Promise.all(bills.map((bill, place) => holdsTogether(bill, seen[place] ?? expect.unreachable())))
  })
})

it('is what docs/late-money.md shows: draw it anew with -u', async () => {
  await expect(drawLateMoney(BLOCKS, played)).toMatchFileSnapshot('../docs/late-money.md')
})
