import type { AttemptId } from '../kernel/ids.ts'
import { fail, ok, type Result } from '../kernel/result.ts'
import { alreadyClosed, RULINGS, type Ruling, type Task } from '../tasks/index.ts'
import type { Attention, Fact, PaymentState } from './facts.ts'
import type { Hub } from './hub.ts'
import { type Command, decide, type Refusal, stateOf } from './payment.ts'
import { record } from './record.ts'
import { isRefundId } from './refund-decisions.ts'
import { backFact } from './refunds.ts'
import { lockPayment } from './store/index.ts'
import { RULED_AS, sameTask, wantedTasks } from './tasks.ts'

/** A person's word on a payment is a decision like any other: under the lock, from the facts known now, heard by the heart. */
export const ruleOnPayment = (hub: Hub, task: Task, ruling: Ruling): Promise<Result<'closed' | 'still_open', string>> =>
  hub.db.tx(async (tx) => {
    const loaded = await lockPayment(tx, task.merchant, task.subject)
    const fresh = await hub.tasks.find(tx, task.id)
    if (!loaded || !fresh) throw new Error(`task ${task.id} is about a payment that is not there`)
    if (fresh.closed) return fail(alreadyClosed(fresh, fresh.closed))
    const command = commandOf(loaded.facts, stateOf(loaded.facts), task, ruling)
    if (!command.ok) return command
    const now = hub.clock.now()
    const decided = decide(loaded.facts, command.value, now)
    if (!decided.ok) return fail(SENTENCES[decided.error] ?? `the payment does not take it: ${decided.error}`)
    await record(hub, tx, loaded, decided.value, now)
    return ok(wantedTasks(decided.value.state).some((one) => sameTask(one, task)) ? 'still_open' : 'closed')
  })

const SENTENCES: Readonly<Partial<Record<Refusal, string>>> = {
  refund_over: 'the refund is done or has failed already',
  needs_ruling: 'only a person’s word on what became of the money ends this: rule it paid or not-paid',
}
const SETTLED_MEANWHILE = 'nothing is left to decide: the payment has settled by itself meanwhile'

/** The command that a ruling is, or in one sentence why it is none now. Pure. */
export const commandOf = (
  facts: readonly Fact[],
  state: PaymentState,
  task: Pick<Task, 'id' | 'kind' | 'part'>,
  ruling: Ruling,
): Result<Command, string> => {
  if (!wantedTasks(state).some((wanted) => sameTask(wanted, task))) return fail(SETTLED_MEANWHILE)
  const raised = state.attention.find(({ flag }) => flag === task.kind)
  return raised ? onAttempts(facts, state, raised, task, ruling) : onMoneyBack(state, task, ruling)
}

const onMoneyBack = (
  state: PaymentState,
  { id, part }: Pick<Task, 'id' | 'part'>,
  { as, by, note, reference }: Ruling,
): Result<Command, string> => {
  const tooMuch = state.tooMuchBack?.find(({ attempt }) => attempt === part)
  if (tooMuch && as === 'settled') {
    const { attempt, backMinor } = tooMuch
    return ok({ do: 'rule', by, note, as, attempt, facts: [backFact(attempt, backMinor)], ruling: `${id}:${as}` })
  }
  const refund = state.refunds.find((one) => one.id === part)?.id
  if (!refund || !isRefundId(refund)) return fail(SETTLED_MEANWHILE)
  if (as === 'paid' || as === 'not-paid') return fail(`a refund is the matter here: not ${as}`)
  const named = reference === undefined || as !== 'refund-done' ? {} : { reference }
  return ok({ do: 'rule', by, note, as: RULED_AS[as], refund, facts: [], ruling: `${id}:${as}`, ...named })
}

const onAttempts = (
  facts: readonly Fact[],
  state: PaymentState,
  raised: Attention,
  { id }: Pick<Task, 'id'>,
  { as, by, note, attempt: named }: Ruling,
): Result<Command, string> => {
  if (as === 'refund-done' || as === 'refund-failed') return fail(`no refund is the matter here: not ${as}`)
  const said = { do: 'rule', by, note, as: RULED_AS[as], flag: raised.flag } as const
  if (as === 'settled') return ok({ ...said, ruling: `${id}:${as}`, facts: raised.facts })
  const attempt = attemptMeant(facts, raised, named)
  if (!attempt.ok) return attempt
  const status = state.attempts.find((one) => one.id === attempt.value)?.status
  if (status === 'executed') {
    return fail(
      as === 'paid'
        ? `${attempt.value} counts as paid already: rule this settled once it is dealt with`
        : `the bank has confirmed that ${attempt.value} was paid, and no word takes that back: rule this settled once it is dealt with`,
    )
  }
  const seen = seenOf(facts, attempt.value, raised, as)
  // Facts are only ever added: the same word about more of them is another one.
  return ok({ ...said, ruling: `${id}:${attempt.value}:${as}:${seen.length}`, attempt: attempt.value, facts: seen })
}

/** Each ruling that would be taken now; where several attempts are concerned, one for each. Pure. */
export const takenNow = (
  facts: readonly Fact[],
  state: PaymentState,
  task: Pick<Task, 'id' | 'kind' | 'part'>,
): readonly Pick<Ruling, 'as' | 'attempt'>[] => {
  const isTaken = (ruling: Pick<Ruling, 'as' | 'attempt'>) =>
    commandOf(facts, state, task, { ...ruling, by: '', note: '' }).ok
  const raised = state.attention.find(({ flag }) => flag === task.kind)
  const attempts = raised ? concernedBy(facts, raised) : []
  return RULINGS.flatMap((as) =>
    isTaken({ as }) ? [{ as }] : attempts.map((attempt) => ({ as, attempt })).filter(isTaken),
  )
}

/** The attempts that raised the flag; where they are several, the person must name one. */
const attemptMeant = (
  facts: readonly Fact[],
  raised: Attention,
  named: string | undefined,
): Result<AttemptId, string> => {
  const concerned = concernedBy(facts, raised)
  const [only] = concerned
  const meant = named === undefined ? only : concerned.find((attempt) => attempt === named)
  if (meant && (named !== undefined || concerned.length === 1)) return ok(meant)
  const they = concerned.join(', ')
  return fail(
    named === undefined
      ? `several attempts are concerned: say which with --attempt: ${they}`
      : `this is not about the attempt ${named}: it is about ${they}`,
  )
}

export const concernedBy = (facts: readonly Fact[], raised: Attention): readonly AttemptId[] => {
  const raising = facts.filter((fact) => raised.facts.includes(fact.key))
  return [...new Set(raising.flatMap((fact) => ('attempt' in fact && fact.attempt ? [fact.attempt] : [])))].sort()
}

/** What the person has seen: the attempt's facts that raised the flag; and who says "not paid" has seen each word to the contrary. */
const seenOf = (
  facts: readonly Fact[],
  attempt: AttemptId,
  raised: Attention,
  as: 'paid' | 'not-paid',
): readonly string[] =>
  facts
    .filter((fact) => 'attempt' in fact && fact.attempt === attempt)
    .filter(({ key, fact }) => raised.facts.includes(key) || (as === 'not-paid' && fact === 'reading'))
    .map(({ key }) => key)
