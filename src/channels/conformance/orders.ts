import { expect, it } from 'vitest'
import { everyOrder, type Letter, reachOf } from '../../../test/support/every-order.ts'
import { type Money, sameMoney } from '../../kernel/money.ts'
import { MINUTE_MS } from '../../kernel/time.ts'
import type { Reading } from '../channel.ts'
import { wordsOf } from '../example.ts'
import type { Specimen } from './kit.ts'
import { callThrough, type Stage, type Trip } from './trip.ts'

declare module 'vitest' {
  interface TaskMeta {
    /** What was heard in every order: a row for each thing that can become of an order. */
    readonly everyOrder?: readonly EveryOrderRow[]
    /** The channels there are: each must be among those rows. */
    readonly channels?: readonly string[]
  }
}

export type EveryOrderRow = {
  readonly channel: string
  readonly outcome: string
  readonly letters: readonly string[]
  readonly subsets: number
  readonly sequences: number
  readonly ends: readonly string[]
}

/** Two notices, a return, an answer, and a late contradiction by each carrier: 63 subsets and 55,986 sequences of each beginning. */
const MAX_LETTERS = 6

/** The longest world, heard whole, takes some seconds on a quiet machine. */
const SLOW_MACHINE_MS = 10 * MINUTE_MS

type Travelled<Settings, State> = { readonly stage: Stage<Settings, State>; readonly trip: Trip<State> }
type Outcome<Settings, State> = Travelled<Settings, State> & { readonly id: string; readonly brings: readonly Letter[] }

/**
 * Whatever becomes of an order at the bank, and whatever contradicts it later: every sequence of the messages, and of the answer when it
 * is asked, ends where every other sequence of the same messages ends.
 */
export const describeEveryOrder = <Settings, State>(
  { channel, simulator }: Pick<Specimen<Settings, State>, 'channel' | 'simulator'>,
  tripOf: (choice: string) => Promise<Travelled<Settings, State>>,
): void => {
  it('ends the same in every order of its messages', { timeout: SLOW_MACHINE_MS }, async ({ task }) => {
    const outcomes: Outcome<Settings, State>[] = []
    for (const { id } of simulator.choices) {
      const { stage, trip } = await tripOf(id)
      outcomes.push({ id, stage, trip, brings: await messagesOf(stage, trip) })
    }
    const rows: EveryOrderRow[] = []
    const worlds: (readonly Letter[])[] = []
    for (const outcome of outcomes) {
      const world = await worldOf(outcome, outcomes)
      if (world.length === 0 || worlds.some((before) => world.every((one) => includes(before, one)))) continue
      expect(world.length, `${channel.id} after ${outcome.id} brings more than is tried`).toBeLessThanOrEqual(
        MAX_LETTERS,
      )
      worlds.push(world)
      const { trip } = outcome
      const { echo = {} } = trip.attempt.kept
      const { subsets, sequences, ends, findings } = everyOrder(world, trip.attempt.id, { echo })
      expect(findings, `${channel.id} after ${outcome.id}`).toEqual([])
      expect({ subsets, sequences }).toEqual(reachOf(world.length))
      const letters = world.map(({ name }) => name)
      rows.push({ channel: channel.id, outcome: outcome.id, letters, subsets, sequences, ends })
    }
    const kinds = rows.map(({ letters }) => kindsOf(letters))
    expect(kinds, 'all kinds of messages are tried together').toContain(kindsOf(rows.flatMap(({ letters }) => letters)))
    Object.assign(task.meta, { everyOrder: rows })
  })
}

/** Of return, notice, answer, and what comes late: which there are. */
const kindsOf = (letters: readonly string[]): string =>
  [...new Set(letters.map((name) => name.split(' ')[0]))].sort().join(' ')

/** What comes by itself, what the bank says when it is asked, and what contradicts it too late. */
const worldOf = async <Settings, State>(
  outcome: Outcome<Settings, State>,
  outcomes: readonly Outcome<Settings, State>[],
): Promise<readonly Letter[]> => {
  const own = [...outcome.brings, ...(await answersOf(outcome))]
  const against = outcomes.find(({ brings }) => contradicts(brings, own))?.brings ?? []
  const otherPaid = outcomes.flatMap(({ brings }) => brings).find((one) => statesOther(one, outcome.stage.order.amount))
  const late = against.some(isNotice) || !otherPaid ? against : [...against, otherPaid]
  expect(late.length, `nothing contradicts ${outcome.id}`).toBeGreaterThan(0)
  return distinct([...own, ...late.map((one) => ({ ...one, name: `late ${one.name}` }))])
}

const isNotice = ({ source }: Letter): boolean => source === 'notice'

/** What a bank whose server never refuses contradicts itself by: paid, and another amount. */
const statesOther = (letter: Letter, ordered: Money): boolean =>
  isNotice(letter) &&
  letter.readings.some(({ says, states }) => {
    const amount = states?.amount
    return says === 'paid' && typeof amount === 'object' && !sameMoney(amount, ordered)
  })

const says = (letters: readonly Letter[], word: Reading['says']): boolean =>
  letters.some(({ readings }) => readings.some((reading) => reading.says === word))

const contradicts = (late: readonly Letter[], own: readonly Letter[]): boolean => {
  if (says(own, 'refused')) return says(late, 'paid')
  return says(late, 'refused')
}

const answersOf = async <Settings, State>({ stage, trip }: Travelled<Settings, State>): Promise<readonly Letter[]> => {
  const asked = await stage.channel.enquire?.(trip.attempt, stage.agreement)
  if (!asked) return []
  const { end } = await callThrough(stage, trip.state, asked)
  const readings = end.step === 'heard' ? end.readings : []
  return [{ name: `answer ${readings.map(wordsOf).join()}`.trim(), source: 'enquiry', readings }]
}

const messagesOf = async <Settings, State>(
  { channel, agreement, order }: Stage<Settings, State>,
  { messages }: Trip<State>,
): Promise<readonly Letter[]> => {
  const letters: Letter[] = []
  for (const message of messages) {
    const { readings, carrier } = await channel.read(message, agreement)
    const ours = readings.filter(({ about }) => !('number' in about) || about.number === order.attempt.number)
    const name = `${carrier === 'payer' ? 'return' : 'notice'} ${ours.map(wordsOf).join()}`
    if (ours.length > 0) letters.push({ name, source: carrier === 'payer' ? 'return' : 'notice', readings: ours })
  }
  return letters
}

const same = (one: Letter, other: Letter): boolean =>
  one.source === other.source && written(one.readings) === written(other.readings)
const written = (readings: readonly Reading[]): string => JSON.stringify(readings)
const includes = (letters: readonly Letter[], one: Letter): boolean => letters.some((other) => same(one, other))

const distinct = (letters: readonly Letter[]): readonly Letter[] =>
  letters.filter((one, place) => letters.findIndex((other) => same(one, other)) === place)
