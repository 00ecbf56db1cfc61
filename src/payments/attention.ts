import { contradictions, denials, type Evidence, mismatches, only, paidReferences, says } from './attempt.ts'
import type { AttemptState, Attention, Fact, Flag, RefundState } from './facts.ts'
import { FLAGS } from './facts.ts'

/** What raises each flag: names of facts, so that a ruling can settle them and a new one raises the flag again. */
const flagFacts = (
  facts: readonly Fact[],
  evidence: readonly Evidence[],
  attempts: readonly AttemptState[],
  refunds: readonly RefundState[],
) => {
  const paid = attempts.filter((attempt) => attempt.status === 'executed')
  const ofPaid = evidence.filter((one) => paid.some((attempt) => attempt.id === one.begun.attempt))
  const keys = (list: readonly { readonly key: string }[]) => list.map((fact) => fact.key)
  const begun = ofPaid.map((one) => one.begun.key)
  const differing = (flag: Flag) =>
    evidence.flatMap((one) => mismatches(one).flatMap((found) => (found.flag === flag ? [found.fact] : [])))
  return {
    paid_late: only(facts, 'closed').length > 0 ? begun : [],
    paid_twice: [
      ...(paid.length > 1 ? begun : []),
      ...ofPaid.flatMap(paidReferences),
      ...(paid.length > 0 ? keys(only(facts, 'twin')) : []),
    ],
    amount_mismatch: differing('amount_mismatch'),
    currency_mismatch: differing('currency_mismatch'),
    payee_mismatch: differing('payee_mismatch'),
    echo_mismatch: differing('echo_mismatch'),
    contradiction: evidence.flatMap((one, place) => keys(contradicted(one, attempts[place]))),
    reversed: ofPaid.flatMap((one) => [...keys(says(one, 'reversed')), ...refundsElsewhere(refunds, one)]),
    stuck: evidence.flatMap((one, place) => (isStuck(one, attempts[place]) && one.ended ? [one.ended.key] : [])),
  } satisfies Record<Flag, readonly string[]>
}

const contradicted = (one: Evidence, attempt: AttemptState | undefined) =>
  attempt ? [...contradictions(one, attempt.status), ...denials(one, attempt.status)] : []

const refundsElsewhere = (refunds: readonly RefundState[], one: Evidence): readonly string[] =>
  refunds.filter((refund) => refund.origin === 'psp' && refund.attempt === one.begun.attempt).map((refund) => refund.id)

const isStuck = ({ ended }: Evidence, attempt: AttemptState | undefined): boolean =>
  attempt !== undefined &&
  (attempt.status === 'accepted' ||
    attempt.status === 'unknown' ||
    (attempt.status === 'started' && ended?.finding === 'no_answer'))

/** Flags that stand beside the status, each with the facts that raise it and no person has settled. */
export const attentionOf = (
  facts: readonly Fact[],
  evidence: readonly Evidence[],
  attempts: readonly AttemptState[],
  refunds: readonly RefundState[],
  settled: (flag: Flag, fact: string) => boolean,
): readonly Attention[] => {
  const raised = flagFacts(facts, evidence, attempts, refunds)
  return FLAGS.flatMap((flag) => {
    const unsettled = [...new Set(raised[flag])].filter((fact) => !settled(flag, fact)).sort()
    return unsettled.length > 0 ? [{ flag, facts: unsettled }] : []
  })
}
