import { describe, expect, it } from 'vitest'
import type { SentMessage } from '../channels/simulator.ts'
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../kernel/time.ts'
import { movingClock } from './clock.ts'
import { openOutbox, type Send } from './outbox.ts'

const START = 1_800_000_000_000

const messageOf = (text: string, more: Partial<SentMessage> = {}): SentMessage => ({
  afterMs: 0,
  method: 'POST',
  url: 'https://hub.example/psp',
  headers: {},
  body: new TextEncoder().encode(text),
  ...more,
})

/** Everything a bank sends in four hours to somebody who answers so, the last answer for ever: what, after how long, what came back. */
const sentIn = async (messages: readonly SentMessage[], answers: readonly (number | 'nobody')[]) => {
  const clock = movingClock({ now: () => START })
  let place = 0
  const send: Send = async () => {
    const answer = answers[Math.min(place++, answers.length - 1)] ?? 200
    return answer === 'nobody'
      ? { kind: 'not_sent', why: 'nobody listens' }
      : { kind: 'answered', reply: { status: answer, body: new Uint8Array() } }
  }
  const outbox = openOutbox(clock, send)
  outbox.put('seb-lv', 'order', messages)
  await clock.advance(4 * HOUR_MS)
  clock.stop()
  return outbox
    .sent()
    .toReversed()
    .map(({ at, body, answer }) => [body, at - START, answer])
}

const repeat = { everyMs: MINUTE_MS, times: 100 }
const accepted = messageOf('0003', { repeat, onceTaken: [messageOf('0004', { afterMs: 2 * SECOND_MS })] })

describe('what a bank sends', () => {
  it('leaves at its time, and once where the bank does not repeat', async () => {
    expect(await sentIn([messageOf('late', { afterMs: MINUTE_MS }), messageOf('now')], [503])).toEqual([
      ['now', 0, 503],
      ['late', MINUTE_MS, 503],
    ])
  })

  it('is repeated until it is answered 200, and what waited for that leaves then', async () => {
    expect(await sentIn([accepted], [503, 'nobody', 204, 200])).toEqual([
      ['0003', 0, 503],
      ['0003', MINUTE_MS, 'nobody listens'],
      ['0003', 2 * MINUTE_MS, 204],
      ['0003', 3 * MINUTE_MS, 200],
      ['0004', 3 * MINUTE_MS + 2 * SECOND_MS, 200],
    ])
  })

  it('is given up after its last repeat, with all that waited for it', async () => {
    const sent = await sentIn([accepted], [503])
    expect(sent.length).toBe(101)
    expect(sent.at(-1)).toEqual(['0003', 100 * MINUTE_MS, 503])
  })
})
