import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  accepted,
  begun,
  EXPIRES,
  LESS,
  ordered,
  outcome,
  paid,
  read,
  refundAsked,
  refundHanded,
  refundWithheld,
  ruled,
  saying,
} from '../../test/support/facts.ts'
import { live } from '../../test/support/life.ts'
import { anyWalk } from '../../test/support/walks.ts'
import type { Reading } from '../channels/channel.ts'
import type { RefundId } from '../kernel/ids.ts'
import type { Fact, RuledFact, Source } from './facts.ts'
import { type Command, decide, type Refusal, stateOf } from './payment.ts'
import { isRefundId } from './refund-decisions.ts'
import { chooseRefund, isPerhapsForgotten, MAX_REFUNDS, type Wanted } from './refunds.ts'
import { commandOf } from './ruling.ts'
import { storyOf } from './task-stories.ts'
import { wantedTasks } from './tasks.ts'

/** Refunds, ours and the bank's own; what may be promised back, decided under the lock. */

describe('a refund', () => {
  const PAID = [ordered(), begun('att_1'), paid()]
  const asked = refundAsked('att_1', '1', 400)
  const called = (result: 'answered' | 'not_sent' | 'turned_down' | 'unknown') =>
    outcome('att_1', 'refund', result, { refund: 'rfd_1' })
  const told = (reading: Reading) => read('att_1', 'enquiry', reading)
  const about = { refund: '91' }
  const done = told({ about, says: 'refunded', states: { amount: { amountMinor: 400, currency: 'EUR' } } })
  const declined = told({ about, says: 'refused', reason: 'declined' })
  const byPerson = (as: 'refund_done' | 'refund_failed' | 'settled') => ruled(as, { refund: 'rfd_1' })
  const rows: readonly (readonly [string, string, readonly Fact[], number])[] = [
    ['requested', 'it was asked for', [], 0],
    ['requested', 'its call surely never left', [called('not_sent')], 0],
    ['sent', 'its call was answered', [called('answered')], 0],
    ['sent', 'the bank is working on it', [called('unknown'), told({ about, says: 'accepted' })], 0],
    ['unknown', 'its call may have reached the bank', [called('unknown')], 0],
    [
      'unknown',
      'a repeat was turned down, though the first call may have acted',
      [called('unknown'), called('turned_down')],
      0,
    ],
    ['done', 'the bank says so', [called('answered'), done], 400],
    ['done', 'the bank says so without an answer of the call', [called('unknown'), done], 400],
    ['done', 'it failed first: a late done wins', [declined, done], 400],
    ['failed', 'the bank refused', [called('answered'), declined], 0],
    ['failed', 'its call was turned down', [called('turned_down')], 0],
    ['done', 'a person has made it', [refundHanded('1', 'not_sent'), byPerson('refund_done')], 400],
    ['failed', 'a person says that it was not made', [refundHanded('1', 'not_sent'), byPerson('refund_failed')], 0],
    ['done', 'a person says so and the bank later refuses', [byPerson('refund_done'), declined], 400],
    ['done', 'a person said that it failed: a late done of the bank wins', [byPerson('refund_failed'), done], 400],
    ['failed', 'it is withheld', [refundWithheld('1')], 0],
    ['done', 'it is withheld and the bank has made it', [refundWithheld('1'), done], 400],
    ['unknown', 'a person has it and has not said', [called('unknown'), refundHanded('1', 'unsettled')], 0],
  ]
  it.each(rows)('is %s when %s', (status, _, facts, refundedMinor) => {
    for (const order of [facts, [...facts].reverse()]) {
      const state = stateOf([...PAID, asked, ...order])
      expect(state.refunds).toMatchObject([{ id: 'rfd_1', attempt: 'att_1', amountMinor: 400, status }])
      expect([state.status, state.paidMinor, state.refundedMinor]).toEqual(['executed', 1234, refundedMinor])
    }
  })

  const tasks: readonly (readonly [string, readonly Fact[], string])[] = [
    ['nobody while the hub sees to it', [called('unknown')], ''],
    ['a clerk who makes it, where the bank takes none', [refundHanded('1', 'not_sent')], 'refund_by_hand'],
    ['nobody once it was made by hand', [refundHanded('1', 'not_sent'), byPerson('refund_done')], ''],
    ['nobody once it was not made', [refundHanded('1', 'not_sent'), byPerson('refund_failed')], ''],
    ['nobody once the bank tells of it', [refundHanded('1', 'not_sent'), done], ''],
    [
      'a clerk who asks, where the bank may have it',
      [called('unknown'), refundHanded('1', 'unsettled')],
      'refund_unsettled',
    ],
    [
      'a clerk who asks, where it was sent after all',
      [called('answered'), refundHanded('1', 'not_sent')],
      'refund_unsettled',
    ],
    ['a clerk when the bank refuses what a person made', [byPerson('refund_done'), declined], 'refund_disputed'],
    ['a clerk when the bank made what a person gave up', [byPerson('refund_failed'), done], 'refund_disputed'],
    ['nobody when bank and person agree', [byPerson('refund_done'), declined, done], ''],
    ['nobody once the dispute is settled', [byPerson('refund_failed'), done, byPerson('settled')], ''],
  ]
  it('that is done after all beside another in its place gives a task, until the sum is settled', () => {
    const other = [refundAsked('att_1', '2', 1_234), refundHanded('2', 'not_sent')]
    const both = [...PAID, asked, declined, ...other, ruled('refund_done', { refund: 'rfd_2' }), done]
    const wanted = { kind: 'refunded_too_much', part: 'att_1' } as const
    const state = stateOf(both)
    expect([state.refundedMinor, wantedTasks(state)]).toEqual([1_634, [wanted]])
    const word = { as: 'settled', by: 'A. Clerk', note: 'the payer sent it back' } as const
    const command = commandOf(both, state, { id: 'tsk_1', ...wanted }, word)
    const settled = command.ok ? decide(both, command.value, EXPIRES) : command
    expect(settled.ok && wantedTasks(settled.value.state)).toEqual([])
    const third = told({ about: { refund: 'theirs' }, says: 'refunded', states: { amount: LESS } })
    const more = settled.ok ? [...both, ...settled.value.facts, third] : []
    expect(wantedTasks(stateOf(more)).map(({ kind }) => kind)).toEqual(['reversed', 'refunded_too_much'])
  })
  it.each(tasks)('gives a task to %s', (_, facts, kind) => {
    for (const order of [facts, [...facts].reverse()]) {
      const wanted = wantedTasks(stateOf([...PAID, asked, ...order]))
      expect(wanted).toEqual(kind === '' ? [] : [{ kind, part: 'rfd_1' }])
    }
  })

  const handing = { do: 'hand_refund', refund: 'rfd_1', why: 'not_sent' } as const
  const word = (as: RuledFact['as'], refund: RefundId = 'rfd_1') =>
    ({ do: 'rule', ruling: 'r1', by: 'A. Clerk', note: 'seen', as, refund, facts: [] }) as const
  const withholding = { do: 'withhold_refund', refund: 'rfd_1' } as const
  const atBank = (amountMinor: number) =>
    told({ about: { refund: 'theirs' }, says: 'refunded', states: { amount: { amountMinor, currency: 'EUR' } } })
  const decisions: readonly (readonly [string, readonly Fact[], Command, string])[] = [
    ['given to a person', [], handing, 'handed not_sent'],
    [
      'given to a person, where the bank may have it: never as not sent',
      [called('unknown')],
      handing,
      'handed unsettled',
    ],
    ['given to a person twice', [refundHanded('1', 'not_sent')], handing, 'refund_over'],
    ['given to a person when it is done', [done], handing, 'refund_over'],
    ['given to a person and is not there', [], { ...handing, refund: 'rfd_9' }, 'unknown_refund'],
    ['ruled done by a person who has it', [refundHanded('1', 'not_sent')], word('refund_done'), 'ruled'],
    ['ruled failed by a person who has it', [refundHanded('1', 'unsettled')], word('refund_failed'), 'ruled'],
    ['ruled while the hub still sees to it', [], word('refund_done'), 'refund_not_handed'],
    ['ruled when it is done', [refundHanded('1', 'not_sent'), done], word('refund_failed'), 'refund_over'],
    ['ruled twice', [refundHanded('1', 'not_sent'), byPerson('refund_done')], word('refund_failed'), 'refund_over'],
    ['ruled and is not there', [], word('refund_done', 'rfd_9'), 'unknown_refund'],
    ['withheld where it fits', [], withholding, 'refund_fits'],
    ['withheld where it fits beside a younger one', [refundAsked('att_1', '2', 834)], withholding, 'refund_fits'],
    ['withheld where the rest went back at the bank', [atBank(835)], withholding, 'refund_withheld'],
    ['withheld where the bank may have it', [atBank(835), called('unknown')], withholding, 'refund_over'],
    ['withheld where a person has it', [atBank(835), refundHanded('1', 'not_sent')], withholding, 'refund_over'],
    ['withheld and is not there', [], { ...withholding, refund: 'rfd_9' }, 'unknown_refund'],
    ['settled without a dispute', [refundHanded('1', 'not_sent')], word('settled'), 'refund_not_disputed'],
    ['settled in a dispute', [byPerson('refund_failed'), done], word('settled'), 'ruled'],
  ]
  it.each(decisions)('is %s', (_, facts, command, expected) => {
    const decided = decide([...PAID, asked, ...facts], command, EXPIRES)
    const [fact] = decided.ok ? decided.value.facts : []
    const said = fact?.fact === 'refund_handed' ? `handed ${fact.why}` : fact?.fact
    expect(decided.ok ? said : decided.error).toBe(expected)
  })

  it('by hand takes from what is left like any other, and one that was not made gives it back', () => {
    const command: Command = { do: 'refund', refund: 'rfd_2', attempt: 'att_1', number: '92', amountMinor: 1_234 }
    const handed = [...PAID, asked, refundHanded('1', 'not_sent')]
    expect(decide(handed, command, EXPIRES)).toEqual({ ok: false, error: 'exceeds_paid' })
    expect(decide([...handed, byPerson('refund_failed')], command, EXPIRES).ok).toBe(true)
    expect(decide([...handed, byPerson('refund_done')], { ...command, amountMinor: 835 }, EXPIRES).ok).toBe(false)
  })

  it('that the bank tells of and we never asked for is one of origin psp, once', () => {
    const theirs = (source: Source) =>
      read(
        'att_1',
        source,
        saying('att_1', 'refunded', { amount: { amountMinor: 400, currency: 'EUR' }, reference: 'r1' }),
      )
    const state = stateOf([...PAID, theirs('notice'), theirs('statement')])
    expect(state.refunds.map(({ origin, status, amountMinor }) => [origin, status, amountMinor])).toEqual([
      ['psp', 'done', 400],
    ])
    expect(state.refundedMinor).toBe(400)
  })

  it('that states another amount than was asked confirms nothing of ours and is one of origin psp', () => {
    const other = told({ about, says: 'refunded', states: { amount: { amountMinor: 300, currency: 'EUR' } } })
    const { refunds, refundedMinor } = stateOf([...PAID, asked, called('answered'), other])
    expect(refunds.map(({ origin, status, amountMinor }) => `${origin} ${status} ${amountMinor}`)).toEqual([
      'e-service sent 400',
      'psp done 300',
    ])
    expect(refundedMinor).toBe(300)
  })

  const room: readonly (readonly [string, readonly Fact[], number, Refusal | 'taken'])[] = [
    ['all of it', [], 1234, 'taken'],
    ['a part', [], 1, 'taken'],
    ['more than was paid', [], 1235, 'exceeds_paid'],
    ['nothing', [], 0, 'exceeds_paid'],
    ['less than nothing', [], -1, 'exceeds_paid'],
    ['what a requested one leaves', [asked], 834, 'taken'],
    ['more than a requested one leaves', [asked], 835, 'exceeds_paid'],
    ['more than a sent one leaves', [asked, called('answered')], 835, 'exceeds_paid'],
    ['more than an unknown one leaves', [asked, called('unknown')], 835, 'exceeds_paid'],
    ['more than a done one leaves', [asked, done], 835, 'exceeds_paid'],
    ['all, after one that failed', [asked, declined], 1234, 'taken'],
    ['more than the bank left by itself', [told(saying('att_1', 'refunded', { amount: LESS }))], 2, 'exceeds_paid'],
  ]
  it.each(room)('of %s is decided under the lock', (_, facts, amountMinor, expected) => {
    const command: Command = { do: 'refund', refund: 'rfd_2', attempt: 'att_1', number: '92', amountMinor }
    const decided = decide([...PAID, ...facts], command, EXPIRES)
    expect(decided.ok ? 'taken' : decided.error).toBe(expected)
  })

  it('of an attempt that is not executed is refused', () => {
    const command: Command = { do: 'refund', refund: 'rfd_2', attempt: 'att_1', number: '92', amountMinor: 1 }
    expect(decide([ordered(), begun('att_1'), accepted()], command, EXPIRES)).toEqual({
      ok: false,
      error: 'exceeds_paid',
    })
  })
})

describe('a refund that is asked for', () => {
  const asked = refundAsked('att_1', '1', 400)
  const PAID = [ordered(), begun('att_1'), begun('att_2'), paid(), asked]
  const told = (refund: string, says: 'refunded' | 'accepted' | 'refused', amountMinor = 400) => {
    const states = { amount: { amountMinor, currency: 'EUR' } as const }
    const about = { refund }
    return read('att_1', 'enquiry', says === 'refused' ? { about, says, reason: 'declined' } : { about, says, states })
  }
  const atBank = read('att_1', 'enquiry', { about: { number: '1' }, says: 'refunded', states: { amount: LESS } })
  it.each<readonly [boolean, string, readonly Fact[]]>([
    [false, 'the bank knows of none', []],
    [true, 'the bank made one of this amount under a number that nobody here gave', [told('77', 'refunded')]],
    [true, 'the bank has one in hand', [told('77', 'accepted')]],
    [true, 'the bank has one of another amount in hand', [told('77', 'accepted', 399)]],
    [false, 'the bank refused the one that is forgotten', [told('77', 'refused')]],
    [false, 'the bank had one in hand and refused it', [told('77', 'accepted'), told('77', 'refused')]],
    [true, 'the bank refused one and has another in hand', [told('77', 'refused'), told('78', 'accepted')]],
    [true, 'the bank refused it and made it after all', [told('77', 'refused'), told('77', 'refunded')]],
    [false, 'the one it had in hand is of another amount', [told('77', 'accepted', 399), told('77', 'refunded', 399)]],
    [false, 'it is of another amount', [told('77', 'refunded', 399)]],
    [false, 'it is the one itself', [told('91', 'refunded')]],
    [false, 'it is another one of ours', [refundAsked('att_1', '2', 400), told('rfd_2', 'refunded')]],
    [false, 'it was made at the bank without us', [atBank]],
  ])('is perhaps one that is forgotten: %s where %s', (expected, _, facts) => {
    expect(isPerhapsForgotten([...PAID, ...facts], asked)).toBe(expected)
  })
})

describe('which money goes back', () => {
  const ONE = [ordered(), begun('att_1'), paid()]
  const TWICE = [...ONE, begun('att_2', { offer: 'B' }), paid(undefined, 'notice', 'att_2')]
  const taken = refundAsked('att_1', '1', 1_000)
  const many = Array.from({ length: MAX_REFUNDS }, (_, place) => refundAsked('att_1', `m${place}`, 1))
  const rows: readonly (readonly [string, readonly Fact[], Wanted, string])[] = [
    ['nothing was paid', [ordered(), begun('att_1'), accepted()], {}, 'not_paid 0'],
    ['no amount is named', ONE, {}, 'att_1 1234'],
    ['a part went back before', [...ONE, taken], {}, 'att_1 234'],
    ['a part is named', ONE, { amountMinor: 5 }, 'att_1 5'],
    ['too much is named', [...ONE, taken], { amountMinor: 235 }, 'exceeds_paid 234'],
    ['all went back before', [...ONE, taken, refundAsked('att_1', '2', 234)], {}, 'exceeds_paid 0'],
    ['two attempts were paid', TWICE, {}, 'attempt_needed 1234'],
    ['two attempts were paid and one has enough left', [...TWICE, taken], { amountMinor: 500 }, 'att_2 500'],
    ['two attempts were paid and one is named', [...TWICE, taken], { attempt: 'att_2' }, 'att_2 1234'],
    ['no one attempt has so much', TWICE, { amountMinor: 1_235 }, 'exceeds_paid 1234'],
    ['the attempt is not there', ONE, { attempt: 'att_3' }, 'unknown_attempt 0'],
    ['there were very many', [...ONE, ...many], {}, 'too_many_refunds 1224'],
  ]
  it.each(rows)('where %s', (_, facts, wanted, expected) => {
    const chosen = chooseRefund(stateOf(facts), wanted)
    const said = chosen.ok
      ? `${chosen.value.attempt.id} ${chosen.value.amountMinor}`
      : `${chosen.error.code} ${chosen.error.mostMinor}`
    expect(said).toBe(expected)
  })

  it('is never more than was paid, and what is chosen is taken', () => {
    const wishes = fc.array(fc.option(fc.integer({ min: 1, max: 1_300 }), { nil: undefined }), { maxLength: 6 })
    fc.assert(
      fc.property(anyWalk(), wishes, (walk, amounts) => {
        let { facts } = live(walk)
        for (const [place, amountMinor] of amounts.entries()) {
          const chosen = chooseRefund(stateOf(facts), { amountMinor })
          if (!chosen.ok) continue
          const asked = { refund: `rfd_w${place}`, number: `8${place}`, amountMinor: chosen.value.amountMinor } as const
          const decided = decide(facts, { do: 'refund', attempt: chosen.value.attempt.id, ...asked }, EXPIRES)
          expect(decided.ok).toBe(true)
          if (decided.ok) facts = [...facts, ...decided.value.facts]
          const { order, refunds } = stateOf(facts)
          const promised = refunds.filter(
            ({ attempt, status }) => attempt === chosen.value.attempt.id && status !== 'failed',
          )
          const sum = promised.reduce((total, one) => total + one.amountMinor, 0)
          expect(sum + chosen.value.attempt.reversedMinor).toBeLessThanOrEqual(order.amount.amountMinor)
        }
      }),
      { numRuns: 300 },
    )
  })
})

describe('a refund that waits', () => {
  it('is not sent where by it, with what is done after all, more would go back than was paid', () => {
    const late = fc.array(fc.constantFrom('refunded' as const, 'refused' as const, 'reversed' as const), {
      maxLength: 8,
    })
    const sums = fc.array(fc.integer({ min: 1, max: 1_300 }), { minLength: 2, maxLength: 6 })
    fc.assert(
      fc.property(sums, late, fc.boolean(), (amounts, words, byHand) => {
        let facts: readonly Fact[] = [ordered(), begun('att_1'), paid()]
        const take = (command: Command) => {
          const decided = decide(facts, command, EXPIRES)
          if (decided.ok) facts = [...facts, ...decided.value.facts]
          return decided.ok
        }
        const goneBack = () => {
          const { refunds, reversedMinor } = stateOf(facts)
          const mayBeGone = refunds.filter(
            (one) => one.status !== 'failed' && (one.status !== 'requested' || one.handed),
          )
          return mayBeGone.reduce((sum, one) => sum + one.amountMinor, reversedMinor)
        }
        for (const [place, amountMinor] of amounts.entries()) {
          const refund = `rfd_${place}` as const
          take({
            do: 'refund',
            refund,
            attempt: 'att_1',
            number: `9${place}`,
            amountMinor,
            byHand: byHand && place === 2,
          })
          const says = words[place]
          // Of every second one the bank has said no before the next is asked for, and thinks better of it.
          if (place % 2 === 0)
            facts = [...facts, read('att_1', 'notice', { about: { refund }, says: 'refused', reason: 'declined' })]
          if (says === 'refunded') facts = [...facts, read('att_1', 'enquiry', { about: { refund }, says })]
          if (says === 'reversed') facts = [...facts, read('att_1', 'notice', saying('att_1', says, { amount: LESS }))]
        }
        const before = goneBack()
        for (const { id } of stateOf(facts).refunds.filter((one) => one.status === 'requested' && !one.handed)) {
          if (!isRefundId(id) || take({ do: 'withhold_refund', refund: id })) continue
          facts = [...facts, outcome('att_1', 'refund', 'answered', { refund: id, key: `out:${id}` })]
        }
        expect(goneBack()).toBeLessThanOrEqual(Math.max(before, 1_234))
        if (before > 1_234) expect(goneBack()).toBe(before)
      }),
      { numRuns: 500 },
    )
  })
})

describe('a refund that a person has', () => {
  it('is not to be made once by it more would go back than was paid', () => {
    const task = { kind: 'refund_by_hand', part: 'rfd_2' }
    const before = [ordered(), begun('att_1'), paid(), refundAsked('att_1', '1', 400)]
    const handed = [...before, refundAsked('att_1', '2', 1_234), refundHanded('2', 'not_sent')]
    const told = (facts: readonly Fact[]) => storyOf(facts, stateOf(facts), task).todo
    const said = (says: 'refused' | 'refunded') =>
      read(
        'att_1',
        'notice',
        says === 'refused' ? { about: { refund: '91' }, says, reason: 'declined' } : { about: { refund: '91' }, says },
      )
    expect(told([...handed, said('refused')])).toMatch(/^Transfer 12\.34 EUR/)
    expect(told([...handed, said('refused'), said('refunded')])).toMatch(/^Send nothing/)
  })

  it('and of which it is to be found out whether it was made is spelled out for when it was not, and while it fits', () => {
    const task = { kind: 'refund_unsettled', part: 'rfd_1' }
    const handed = [ordered(), begun('att_1'), paid(), refundAsked('att_1', '1', 1_000), refundHanded('1', 'unsettled')]
    const states = { amount: { amountMinor: 1_000, currency: 'EUR' } } as const
    const forgotten = read('att_1', 'enquiry', { about: { refund: '77' }, says: 'refunded', states })
    const told = (facts: readonly Fact[]) => storyOf(facts, stateOf(facts), task).todo
    expect(told(handed)).toMatch(
      /^Look at the account statement.* before you know.* not made and will not be: Transfer 10\.00 EUR from /,
    )
    expect(told([...handed, forgotten])).toBeUndefined()
    expect(told([...handed, ruled('refund_done', { refund: 'rfd_1' })])).toBeUndefined()
  })

  it('is told together with what was paid back at the bank itself, so that it is neither sent nor counted twice', () => {
    const task = { kind: 'refund_by_hand', part: 'rfd_1' }
    const handed = [ordered(), begun('att_1'), paid(), refundAsked('att_1', '1', 400), refundHanded('1', 'not_sent')]
    const states = { amount: { amountMinor: 400, currency: 'EUR' }, reference: 'PORTAL-7' }
    const elsewhere = read('att_1', 'notice', saying('att_1', 'refunded', states))
    const told = (facts: readonly Fact[]) => storyOf(facts, stateOf(facts), task).happened.join('\n')
    expect(told([...handed, elsewhere])).toMatch(/4\.00 EUR paid back there \(PORTAL-7\), .*rule it refund-failed/)
    expect(told(handed)).not.toContain('paid back there')
  })
})
