import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ordered, outcome } from '../../test/support/facts.ts'
import { heardAt, isHeard, type Life, live } from '../../test/support/life.ts'
import { verdictOf, whatThePageSays } from '../../test/support/oracle.ts'
import { anyOrderOf, anyWalk, type Step, type Walk, type WalkOptions } from '../../test/support/walks.ts'
import { type Fact, FINAL_STATUSES, type Heard, type PaymentState } from './facts.ts'
import { attemptDeadline, decide, hear, nextDeadline, stateOf } from './payment.ts'

/**
 * The laws of a payment as properties over random lives: they say what the rule book says, and nothing of how the heart does it. A broken
 * law prints its seed and path; `{ seed, path }` beside `numRuns` plays it again.
 */
const RUNS = 700

const NO_RULING: WalkOptions = { without: ['rule'] }

const holds = (walks: fc.Arbitrary<Walk>, law: (life: Life) => void) =>
  fc.assert(
    fc.property(walks, (walk) => law(live(walk))),
    { numRuns: RUNS },
  )

/** What anyone can see: all of the state but the times at which we heard. */
const shown = (state: PaymentState) => ({
  ...state,
  attempts: state.attempts.map(({ asked, returnedAt: _, ...attempt }) => ({ ...attempt, asked: asked.times })),
  current: state.current?.id,
})

/** The money: which attempts are executed, and the sums. */
const moneyOf = (state: PaymentState, among: readonly string[] = state.attempts.map((attempt) => attempt.id)) => {
  const attempts = state.attempts.filter((attempt) => among.includes(attempt.id))
  return {
    executed: attempts.flatMap((attempt) => (attempt.status === 'executed' ? [attempt.id] : [])).sort(),
    reversed: attempts.map((attempt) => `${attempt.id} ${attempt.reversedMinor}`).sort(),
    refunded: state.refunds
      .filter((refund) => refund.status === 'done' && among.includes(refund.attempt))
      .map((refund) => `${refund.id} ${refund.amountMinor}`)
      .sort(),
  }
}

const executedIn = (facts: readonly Fact[]) => moneyOf(stateOf(facts)).executed

describe('the page', () => {
  it('says of every life what the heart says', () => {
    holds(anyWalk(NO_RULING), ({ facts }) => {
      expect(verdictOf(stateOf(facts))).toEqual(whatThePageSays(facts))
    })
  })

  it('says so also where a person ruled what became of an attempt', () => {
    holds(anyWalk(), ({ facts }) => {
      const rulings = facts.filter((fact) => fact.fact === 'ruled' && fact.as === 'settled')
      fc.pre(rulings.length === 0)
      expect(verdictOf(stateOf(facts))).toEqual(whatThePageSays(facts))
    })
  })
})

describe('law 1, order', () => {
  it('shows the same state for every order and repetition of the same facts', () => {
    const walksAndOrders = anyWalk().chain((walk) => {
      const { facts } = live(walk)
      return fc.tuple(fc.constant(facts), anyOrderOf(facts))
    })
    fc.assert(
      fc.property(walksAndOrders, ([facts, other]) => {
        const heardLater = other.map((fact) => (isHeard(fact) ? { ...fact, at: fact.at + 1 } : fact))
        expect(shown(stateOf(heardLater))).toEqual(shown(stateOf(facts)))
      }),
      { numRuns: RUNS },
    )
  })

  it('hears the same in any order to the same end, but for a close that falls in between', () => {
    const walksAndOrders = anyWalk().chain((walk) => {
      const { facts } = live(walk)
      return fc.tuple(fc.constant(facts), anyOrderOf(facts.filter(isHeard)))
    })
    fc.assert(
      fc.property(walksAndOrders, ([facts, other]) => {
        const decisions = facts.filter((fact) => !isHeard(fact) && fact.fact !== 'closed')
        const [one, two] = [facts.filter(isHeard), other].map((heard) => hearEach(decisions, heard))
        expect(one).toBeDefined()
        if (one && two) expect(butForClosing(stateOf(two))).toEqual(butForClosing(stateOf(one)))
      }),
      { numRuns: RUNS },
    )
  })

  it('executes the same attempts for the same sums wherever cancels, deadlines and leavings fall', () => {
    const walksAndOrders = anyWalk({ without: ['rule', 'refund', 'hear_again'] }).chain((walk) =>
      fc.tuple(fc.constant(walk), anyOrderOf(walk.steps).map(hearingAll(walk.steps))),
    )
    fc.assert(
      fc.property(walksAndOrders, ([walk, steps]) => {
        const one = stateOf(live(walk).facts)
        const two = stateOf(live({ ...walk, steps }).facts)
        const both = one.attempts.map(({ id }) => id).filter((id) => two.attempts.some((attempt) => attempt.id === id))
        expect(moneyOf(two, both)).toEqual(moneyOf(one, both))
      }),
      { numRuns: RUNS },
    )
  })
})

const hearEach = (decisions: readonly Fact[], heard: readonly Heard[]): readonly Fact[] => {
  const facts = [...decisions]
  for (const one of heard) facts.push(...hear(facts, [one], one.at).facts)
  return facts
}

/** A close waits for a moment at which nothing may still be paid; whether there was one depends on the order. */
const butForClosing = (state: PaymentState) => ({
  ...shown(state),
  status: state.status === 'executed' ? 'executed' : '',
  final: state.status === 'executed',
  closing: '',
  closingAskedAt: 0,
  attention: state.attention.filter(({ flag }) => flag !== 'paid_late'),
})

/** A shuffled walk may not lose what is heard. */
const hearingAll =
  (all: readonly Step[]) =>
  (steps: readonly Step[]): readonly Step[] => [
    ...steps,
    ...all.filter((step) => step.step === 'hear' && !steps.includes(step)),
  ]

describe('law 2, hearing', () => {
  it('takes in anything in any state and appends nothing but what it heard and a close that waited', () => {
    holds(anyWalk(), ({ moments }) => {
      for (const { step, before, appended, now } of moments) {
        if (step.step !== 'hear') continue
        const heard = step.heard.map((hearable) => heardAt(hearable, now))
        const keys = new Set([...before, ...appended].map((fact) => fact.key))
        expect(heard.filter((fact) => !keys.has(fact.key))).toEqual([])
        expect(appended.filter((fact) => !isHeard(fact) && fact.fact !== 'closed')).toEqual([])
        const told = hear(before, heard, now)
        expect(told.state).toEqual(stateOf([...before, ...told.facts]))
      }
    })
  })
})

describe('law 3, amounts', () => {
  it('confirms nothing by readings that state a wrong amount or currency', () => {
    holds(anyWalk({ ...NO_RULING, amounts: { right: 0, wrong: 6, absent: 4 } }), ({ facts }) => {
      const state = stateOf(facts)
      expect(moneyOf(state).executed).toEqual([])
      expect(state.paidMinor).toBe(0)
    })
  })

  it('executes nothing that was not executed without the wrong readings, and never loses one', () => {
    const wrong = anyWalk({ without: ['rule'], amounts: { right: 0, wrong: 1, absent: 0 } })
    fc.assert(
      fc.property(anyWalk(NO_RULING), wrong, (walk, wrongWalk) => {
        const { facts } = live(walk)
        const added = live(wrongWalk).facts.filter((fact) => fact.fact === 'reading')
        expect(executedIn([...facts, ...added])).toEqual(executedIn(facts))
        const begun = stateOf(facts).attempts.map(({ id }) => id)
        const telling = added.filter(
          ({ attempt, reading }) => begun.includes(attempt) && TELLING.includes(reading.says),
        )
        const flagged = stateOf([...facts, ...added]).attention.flatMap((attention) =>
          /^(amount|currency)_mismatch$/.test(attention.flag) ? attention.facts : [],
        )
        const stating = telling.filter(({ reading }) => reading.states?.amount && !('refund' in reading.about))
        expect(stating.filter((fact) => !flagged.includes(fact.key))).toEqual([])
      }),
      { numRuns: RUNS },
    )
  })
})

const TELLING = ['paid', 'accepted', 'waiting', 'refused']

describe('law 4, executed is never left', () => {
  it('keeps every executed attempt whatever fact is added to whatever set', () => {
    fc.assert(
      fc.property(anyWalk({ maxSteps: 10 }), anyWalk({ maxSteps: 10 }), (walk, otherWalk) => {
        const { facts } = live(walk)
        const keys = new Set(facts.map((fact) => fact.key))
        const more = live(otherWalk).facts.filter((fact) => !keys.has(fact.key))
        const lost: Fact[] = []
        let grown = facts
        for (const fact of more) {
          const before = executedIn(grown)
          grown = [...grown, fact]
          const after = executedIn(grown)
          if (before.some((attempt) => !after.includes(attempt))) lost.push(fact)
        }
        expect(lost).toEqual([])
      }),
      { numRuns: RUNS },
    )
  })

  it('leaves a recorded close only for executed while a payment lives', () => {
    holds(anyWalk(), ({ moments }) => {
      for (const { before, appended } of moments) {
        const [was, is] = [stateOf(before), stateOf([...before, ...appended])]
        const wasClosed = before.some((fact) => fact.fact === 'closed')
        if (wasClosed) expect([was.status, 'executed']).toContain(is.status)
        expect(is.final).toBe(FINAL_STATUSES.includes(is.status))
      }
    })
  })
})

describe('law 5, what changes is told once', () => {
  it('appends and changes nothing when it hears again what it knows', () => {
    holds(anyWalk(), ({ facts, now }) => {
      const again = facts.filter(isHeard).map((fact) => ({ ...fact, at: now + 1 }))
      const told = hear(facts, again, now + 1)
      expect(told.facts).toEqual([])
      expect(told.state).toEqual(stateOf(facts))
    })
  })

  it('asks a second time for nothing: closing that is asked already appends nothing', () => {
    holds(anyWalk(), ({ facts, now }) => {
      const state = stateOf(facts)
      if (!state.closing) return
      const decided = decide(facts, { do: 'close', as: 'cancelled', by: 'e-service' }, now)
      expect(decided.ok && decided.value.facts).toEqual([])
    })
  })
})

describe('law 6, no dead end', () => {
  it('gives every attempt that is open a deadline, or a person a task', () => {
    holds(anyWalk(), ({ moments }) => {
      for (const { before, appended } of moments) {
        const state = stateOf([...before, ...appended])
        const tasks = state.attention.flatMap((attention) => attention.facts)
        for (const attempt of state.attempts) {
          if (!['started', 'accepted', 'unknown'].includes(attempt.status)) continue
          const deadline = attemptDeadline(attempt, state.closingAskedAt)
          expect(deadline !== undefined || tasks.includes(`ended:${attempt.id}`)).toBe(true)
        }
        expect(state.final || nextDeadline(state) !== undefined || awaitsPerson(state)).toBe(true)
      }
    })
  })

  it('ends at its deadlines by itself, with every PSP silent', () => {
    holds(anyWalk(), ({ facts, now }) => {
      const { state, steps } = followDeadlines(facts, now)
      expect(nextDeadline(state)).toBeUndefined()
      expect(state.final || awaitsPerson(state)).toBe(true)
      expect(steps).toBeLessThan(MOST_STEPS)
    })
  })
})

const awaitsPerson = (state: PaymentState): boolean =>
  state.attention.some(({ flag }) => flag === 'stuck' || flag === 'contradiction' || flag.endsWith('_mismatch'))

/** Three attempts asked at most every two hours for two days and a little, each ended once, and the order's own deadline. */
const MOST_STEPS = 3 * (2 * 12 + 5 + 1) + 1

const followDeadlines = (from: readonly Fact[], since: number) => {
  let facts = from
  let steps = 0
  for (
    let at = nextDeadline(stateOf(facts));
    at !== undefined && steps < MOST_STEPS;
    at = nextDeadline(stateOf(facts))
  ) {
    facts = [...facts, ...actAt(facts, Math.max(at, since), steps++)]
  }
  return { state: stateOf(facts), steps }
}

/** What the server does at a deadline: the order's own, else that of the attempt that is due. */
const actAt = (facts: readonly Fact[], now: number, step: number): readonly Fact[] => {
  const state = stateOf(facts)
  if (!state.final && !state.closing && now >= state.order.expiresAt) {
    const closed = decide(facts, { do: 'close', as: 'expired', by: 'deadline' }, now)
    return closed.ok ? closed.value.facts : []
  }
  for (const attempt of state.attempts) {
    const due = attemptDeadline(attempt, state.closingAskedAt)
    if (!due || due.at > now) continue
    if (due.what === 'ask') {
      const silence = outcome(attempt.id, 'enquire', 'unknown', { key: `out:silence:${step}`, at: now })
      return hear(facts, [silence], now).facts
    }
    const finding = attempt.plan.canAsk ? 'no_answer' : 'cannot_ask'
    const ended = decide(facts, { do: 'end_plan', attempt: attempt.id, finding }, now)
    return ended.ok ? ended.value.facts : []
  }
  return []
}

describe('the walks themselves', () => {
  it('reach every status and every flag, so that the laws are tried where they bite', () => {
    const met = new Set<string>()
    for (const walk of fc.sample(anyWalk({ maxSteps: 30 }), { numRuns: 1_500, seed: 1 })) {
      const state = stateOf(live(walk).facts)
      met.add(`payment ${state.status}`)
      for (const attempt of state.attempts) met.add(`attempt ${attempt.status}`)
      for (const { flag } of state.attention) met.add(flag)
    }
    expect([...met].sort()).toEqual(EVERYTHING)
    expect(stateOf([ordered()]).status).toBe('open')
  })
})

const EVERYTHING = [
  'amount_mismatch',
  'attempt accepted',
  'attempt executed',
  'attempt lapsed',
  'attempt refused',
  'attempt started',
  'attempt unknown',
  'contradiction',
  'currency_mismatch',
  'echo_mismatch',
  'paid_late',
  'paid_twice',
  'payee_mismatch',
  'payment accepted',
  'payment cancelled',
  'payment executed',
  'payment expired',
  'payment open',
  'payment refused',
  'payment started',
  'reversed',
  'stuck',
]
