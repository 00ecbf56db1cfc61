import { expect, it } from 'vitest'
import { everyOrder, type Letter } from '../../../test/support/every-order.ts'
import { MINUTE_MS } from '../../kernel/time.ts'
import type { Reading } from '../channel.ts'
import { wordsOf } from '../example.ts'
import type { Specimen } from './kit.ts'
import { callThrough, type Stage, type Trip } from './trip.ts'

/** A return, a notice or two, what contradicts them, an answer: 15 subsets and 5,460 sequences. A fifth would make 19,530. */
const MAX_LETTERS = 4

type Travelled<Settings, State> = { readonly stage: Stage<Settings, State>; readonly trip: Trip<State> }

/**
 * Whatever becomes of an order at the bank, and whatever contradicts it later: every sequence of the messages, and of the answer when it
 * is asked, ends where every other sequence of the same messages ends.
 */
export const describeEveryOrder = <Settings, State>(
  { channel, simulator, heard }: Specimen<Settings, State>,
  tripOf: (choice: string) => Promise<Travelled<Settings, State>>,
): void => {
  const saying = (word: string) => simulator.choices.find(({ id }) => heard[id]?.some((one) => one.includes(word)))?.id
  const opposite = (choice: string): string | undefined =>
    heard[choice]?.some((word) => word.includes('refused')) ? saying(' paid') : saying(' refused')

  it('ends the same in every order of its messages', { timeout: MINUTE_MS }, async () => {
    const done: (readonly Letter[])[] = []
    for (const { id } of simulator.choices) {
      const { stage, trip } = await tripOf(id)
      const letters = await lettersOf(stage, trip)
      const other = opposite(id)
      const elsewhere = other === undefined ? undefined : await tripOf(other)
      const late = elsewhere ? await messagesOf(elsewhere.stage, elsewhere.trip) : []
      const world = distinct([...letters, ...late.map((one) => ({ ...one, name: `late ${one.name}` }))])
      if (world.length === 0 || done.some((before) => world.every((one) => includes(before, one)))) continue
      done.push(world)
      const { subsets, sequences, findings } = everyOrder(world, trip.attempt.id, trip.attempt.kept.echo)
      expect(findings, `${channel.id} after ${id}`).toEqual([])
      expect([subsets, sequences]).toEqual([2 ** world.length - 1, sequencesOf(world.length)])
    }
    expect(done.length).toBeGreaterThan(1)
  })
}

const sequencesOf = (letters: number): number => [1, 2, 3, 4, 5, 6].reduce((sum, length) => sum + letters ** length, 0)

/** What comes by itself, and what the bank says when it is asked. */
const lettersOf = async <Settings, State>(
  stage: Stage<Settings, State>,
  trip: Trip<State>,
): Promise<readonly Letter[]> => {
  const messages = await messagesOf(stage, trip)
  const asked = await stage.channel.enquire?.(trip.attempt, stage.agreement)
  if (!asked) return messages
  const { end } = await callThrough(stage, trip.state, asked)
  const readings = end.step === 'heard' ? end.readings : []
  return [...messages, { name: 'answer', source: 'enquiry', readings }]
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
  letters.filter((one, place) => letters.findIndex((other) => same(one, other)) === place).slice(0, MAX_LETTERS)
