import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Life, live } from '../../test/support/life.ts'
import { anyWalk } from '../../test/support/walks.ts'
import type { RulingWord, Wanted } from '../tasks/index.ts'
import { type Fact, FLAGS } from './facts.ts'
import { decide, stateOf } from './payment.ts'
import { commandOf, concernedBy, takenNow } from './ruling.ts'
import { PAYMENT_TASK_WORDS } from './task-words.ts'
import { changedTasks, sameTask, wantedTasks } from './tasks.ts'

/** Tasks of a payment as laws over random lives: none is forgotten, none outlives its reason, each can be ended by a word that it takes. */
const RUNS = 250

const holds = (law: (life: Life) => void) =>
  fc.assert(
    fc.property(anyWalk(), (walk) => law(live(walk))),
    { numRuns: RUNS },
  )

type Task = ReturnType<typeof wantedTasks>[number]
type Said = { readonly after: readonly Fact[]; readonly refusal: string }
type Row = Wanted & { readonly open: boolean }
/** The rows as the store keeps them: what is no longer wanted is closed, what is not open yet is opened. */
const kept = (rows: readonly Row[], wanted: readonly Wanted[]): readonly Row[] => [
  ...rows.map((row) => ({ ...row, open: row.open && wanted.some((task) => sameTask(task, row)) })),
  ...wanted
    .filter((task) => !rows.some((row) => row.open && sameTask(task, row)))
    .map((task) => ({ ...task, open: true })),
]
const named = (tasks: readonly Wanted[]) => tasks.map(({ kind, part }) => `${kind} ${part}`).sort()

describe('the tasks of a payment', () => {
  it('that are open after any life, and after any words of a person, are those that its facts want', () => {
    fc.assert(
      fc.property(anyWalk(), fc.array(fc.constantFrom(...WORDS), { maxLength: 4 }), (walk, words) => {
        const { facts, moments, now } = live(walk)
        const sets: (readonly Fact[])[] = moments.map(({ before, appended }) => [...before, ...appended])
        let after = facts
        for (const word of words) {
          const [task] = wantedTasks(stateOf(after))
          if (!task) continue
          after = ruled(after, task, word, now + sets.length).after
          sets.push(after)
        }
        let rows: readonly Row[] = []
        let state = stateOf(facts.slice(0, 1))
        for (const set of sets) {
          const next = stateOf(set)
          rows = kept(rows, changedTasks(state, next) ?? rows.filter(({ open }) => open))
          state = next
        }
        expect(named(rows.filter(({ open }) => open))).toEqual(named(wantedTasks(state)))
      }),
      { numRuns: RUNS },
    )
  })

  it('are one for every flag that no person has settled', () => {
    holds(({ facts }) => {
      const state = stateOf(facts)
      const flags = wantedTasks(state).filter(({ kind }) => FLAGS.some((flag) => flag === kind))
      expect(flags.map(({ kind }) => kind)).toEqual(state.attention.map(({ flag }) => flag))
    })
  })

  it('can each be ended by a word that its kind takes; a word that ends nothing says why, and none takes money back', () => {
    holds(({ facts, now }) => {
      for (const task of wantedTasks(stateOf(facts))) {
        const takes = takenNow(facts, stateOf(facts), { ...task, id: 'tsk_1' })
        expect(takes.length).toBeGreaterThan(0)
        for (const { as, attempt } of takes) {
          const named = attempt === undefined ? {} : { attempt }
          const ruling = { as, by: 'A. Clerk', note: 'seen', ...named }
          const command = commandOf(facts, stateOf(facts), { ...task, id: 'tsk_1' }, ruling)
          if (PAYMENT_TASK_WORDS[task.kind].rulings[as] === undefined) continue
          expect(command.ok && decide(facts, command.value, now).ok).toBe(true)
        }
        const words: readonly string[] = Object.keys(PAYMENT_TASK_WORDS[task.kind].rulings)
        const ends = WORDS.filter((as) => words.includes(as)).map((as) => {
          const { after, refusal } = ruled(facts, task, as, now)
          const state = stateOf(after)
          expect(state.paidMinor).toBeGreaterThanOrEqual(stateOf(facts).paidMinor)
          const closed = !wantedTasks(state).some((one) => sameTask(one, task))
          if (!closed) expect(refusal).toMatch(/\w{3}/)
          return closed
        })
        expect(ends).toContain(true)
      }
    })
  })
})

const WORDS: readonly RulingWord[] = ['paid', 'not-paid', 'settled', 'refund-done', 'refund-failed']

/** The word said until it changes nothing more: of each attempt that is concerned. */
const ruled = (facts: readonly Fact[], task: Task, as: RulingWord, now: number): Said => {
  const state = stateOf(facts)
  const raised = state.attention.find(({ flag }) => flag === task.kind)
  let refusal = ''
  for (const attempt of [undefined, ...(raised ? concernedBy(facts, raised) : [])]) {
    const ruling = { as, by: 'A. Clerk', note: 'seen', ...(attempt ? { attempt } : {}) }
    const command = commandOf(facts, state, { ...task, id: `tsk_${now}` }, ruling)
    const decided = command.ok ? decide(facts, command.value, now) : command
    if (decided.ok && decided.value.facts.length > 0) return ruled([...facts, ...decided.value.facts], task, as, now)
    if (!decided.ok) refusal = decided.error
  }
  return { after: facts, refusal }
}
