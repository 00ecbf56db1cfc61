import type { AttemptState, Fact, PaymentState } from './facts.ts'
import type { Hub } from './hub.ts'
import type { Decided } from './payment.ts'

/** What operators watch of a payment, counted after the commit that made it so. */
export const countChange = (
  hub: Pick<Hub, 'count' | 'warn'>,
  before: PaymentState,
  { facts, state }: Decided,
): void => {
  if (state.status !== before.status) hub.count('payments', { status: state.status })
  const channels = new Map(state.attempts.map(({ id, channel }) => [id, channel]))
  for (const attempt of state.attempts) countAttempt(hub, before, attempt)
  for (const { id, attempt, status, origin } of state.refunds) {
    const same = before.refunds.some((refund) => refund.id === id && refund.status === status)
    if (!same) hub.count('refunds', { channel: channels.get(attempt) ?? 'none', status, origin })
  }
  for (const { flag } of state.attention) {
    if (!before.attention.some((former) => former.flag === flag)) hub.count('attention', { flag })
  }
  for (const fact of facts) countFact(hub, fact, state)
}

const countAttempt = ({ count }: Pick<Hub, 'count'>, before: PaymentState, attempt: AttemptState): void => {
  const { id, channel, status } = attempt
  const former = before.attempts.find((one) => one.id === id)
  if (!former) count('attempts', { channel, status: 'begun' })
  if (former?.status !== status && status !== 'started') count('attempts', { channel, status })
}

/** What a PSP's words look like; anything else may be a person's name, and stays with the message. */
const CODE = /^[A-Za-z0-9_.-]{1,40}$/

/** An unknown word is kept and waited on; a person should learn of it before payers do. */
const countFact = (hub: Pick<Hub, 'count' | 'warn'>, fact: Fact, { attempts }: PaymentState): void => {
  if (fact.fact !== 'plan_ended' && fact.fact !== 'reading') return
  const { channel = 'none', agreement = '' } = attempts.find(({ id }) => id === fact.attempt) ?? {}
  if (fact.fact === 'plan_ended') hub.count('plans_ended', { channel, finding: fact.finding })
  else if (fact.reading.says === 'waiting' && fact.reading.word !== undefined) {
    const word = CODE.test(fact.reading.word) ? fact.reading.word : '[no code]'
    hub.count('unknown_words', { channel })
    hub.warn('a PSP said a word that its channel does not know', { channel, agreement, attempt: fact.attempt, word })
  }
}
