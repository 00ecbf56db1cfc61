import { describe, expect, it } from 'vitest'
import { begun, ordered, outcome, planEnded, refused, ruled, START } from '../../test/support/facts.ts'
import { HOUR_MS, MINUTE_MS } from '../kernel/time.ts'
import type { Fact } from './facts.ts'
import { nextDeadline, stateOf } from './payment.ts'

const ENDS = START + HOUR_MS
/** With an hour for a hub that is away itself. */
const A_DAY_LATER = START + 23 * HOUR_MS
const asked = (result: 'answered' | 'unknown', at: number): Fact =>
  outcome('att_1', 'enquire', result, { at, key: `out:${at}` })

/** A bank that has declined may take the money after all, and its word of that be lost. */
describe('an attempt that its bank has refused', () => {
  it.each<readonly [name: string, facts: readonly Fact[], next: number | undefined]>([
    ['is asked about once more when its plan ends', [begun('att_1'), refused()], ENDS],
    ['also where the bank has answered before', [begun('att_1'), refused(), asked('answered', ENDS - MINUTE_MS)], ENDS],
    [
      'and once more a day after it began, when the bank has answered then',
      [begun('att_1'), refused(), asked('answered', ENDS)],
      A_DAY_LATER,
    ],
    ['not again once it has answered that', [begun('att_1'), refused(), asked('answered', A_DAY_LATER)], undefined],
    [
      'only then when its plan is known to have ended',
      [begun('att_1'), refused(), planEnded('att_1', 'not_paid')],
      A_DAY_LATER,
    ],
    ['again when the bank did not answer', [begun('att_1'), refused(), asked('unknown', ENDS)], ENDS + 2 * HOUR_MS],
    [
      'ever more rarely',
      [begun('att_1'), refused(), asked('unknown', ENDS), asked('unknown', ENDS + 5 * HOUR_MS)],
      ENDS + 10 * HOUR_MS,
    ],
    [
      'for the last time 23 hours after it began',
      [begun('att_1'), refused(), asked('unknown', ENDS), asked('unknown', ENDS + 12 * HOUR_MS)],
      START + 23 * HOUR_MS,
    ],
    ['and given up then', [begun('att_1'), refused(), asked('unknown', START + 23 * HOUR_MS)], undefined],
    ['not where it cannot be asked', [begun('att_1', { terms: { canAsk: false } }), refused()], undefined],
    [
      'not where it never began',
      [begun('att_1', { terms: { unansweredBegin: 'dead' } }), outcome('att_1', 'begin', 'not_sent')],
      undefined,
    ],
    ['not where a person has ruled', [begun('att_1'), ruled('not_paid', { attempt: 'att_1' })], undefined],
  ])('%s', (_name, facts, next) => {
    const state = stateOf([ordered('one'), ...facts])
    expect(state.attempts[0]?.status).toBe('refused')
    expect(nextDeadline(state)).toBe(next)
  })
})
