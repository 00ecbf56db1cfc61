import type { Payer, PayerAtPsp, Reading } from '../channels/channel.ts'
import { type Currency, toDecimal } from '../kernel/money.ts'
import { toRfc3339 } from '../kernel/time.ts'
import type { Db } from '../platform/db/db.ts'
import { explain } from './explain.ts'
import type { Fact } from './facts.ts'
import { nextDeadline, stateOf } from './payment.ts'
import type { PaymentView } from './schemas.ts'
import { loadById, type MessageRow, messagesOf, type ReceiptMail, receiptMailOf } from './store/index.ts'
import { viewOf } from './view.ts'

/** Everything the hub knows of one payment, for support staff. Personal data only when asked for; raw messages stay in the database. */
export type PaymentStory = {
  readonly payment: PaymentView & { readonly merchant: string; readonly eService: string }
  /** Why it is in its state: one paragraph in plain words. */
  readonly explanation: string
  /** When the server acts next by itself. */
  readonly nextDeadline: string | null
  readonly facts: readonly { readonly at: string; readonly fact: Fact['fact']; readonly tells: string }[]
  readonly messages: readonly MessageLine[]
  /** What became of the receipt by e-mail; null where none was wanted, or while it is tried. */
  readonly receiptMail: { readonly outcome: ReceiptMail['outcome']; readonly why: string; readonly at: string } | null
  /** The payer as the e-service named them, and as the bank did by each attempt's number. */
  readonly persons?: {
    readonly ordered: Payer | null
    readonly atPsp: readonly (PayerAtPsp & { readonly number: string })[]
  }
}

type MessageLine = Pick<MessageRow, 'id' | 'direction' | 'purpose' | 'agreement' | 'method' | 'status' | 'verdict'> & {
  readonly at: string
  readonly path: string
  readonly says: readonly string[]
}

export const findPayment = async (
  db: Db,
  id: string,
  { personal }: { readonly personal: boolean } = { personal: false },
): Promise<PaymentStory | undefined> => {
  const loaded = await loadById(db, id)
  if (!loaded) return undefined
  const { row, facts } = loaded
  const state = stateOf(facts)
  const messages = await messagesOf(db, row.merchant, row.id)
  const mail = await receiptMailOf(db, row.merchant, row.id)
  const next = nextDeadline(state)
  return {
    payment: { ...viewOf(row, state), merchant: row.merchant, eService: row.eService },
    explanation: explain(facts, state),
    nextDeadline: next === undefined ? null : toRfc3339(next),
    facts: [...facts]
      .sort((a, b) => a.at - b.at)
      .map((fact) => ({ at: toRfc3339(fact.at), fact: fact.fact, tells: tell(fact, state.order.amount.currency) })),
    messages: messages.map((message) => ({
      id: message.id,
      at: toRfc3339(message.at),
      direction: message.direction,
      purpose: message.purpose,
      agreement: message.agreement,
      method: message.method,
      path: message.url.split('?')[0] ?? '',
      status: message.status,
      verdict: message.verdict,
      says: message.readings.map(inWords),
    })),
    receiptMail: mail ? { ...mail, at: toRfc3339(mail.at) } : null,
    ...(personal
      ? {
          persons: {
            ordered: row.details.payer,
            atPsp: state.attempts.flatMap(({ number, payer }) => (payer ? [{ number, ...payer }] : [])),
          },
        }
      : {}),
  }
}

/** Without personal data. */
export const inWords = (reading: Reading): string => {
  if (reading.says === 'untrusted') return `untrusted (${reading.rule}): ${reading.detail}`
  const amount = reading.states?.amount
  const stated = typeof amount === 'object' ? ` ${toDecimal(amount)} ${amount.currency}` : amount ? ` ${amount}` : ''
  return `${reading.says}${reading.says === 'refused' ? ` (${reading.reason})` : ''}${stated}`
}

const tell = (fact: Fact, currency: Currency): string => {
  switch (fact.fact) {
    case 'ordered':
      return `${toDecimal(fact.amount)} ${fact.amount.currency}, reference ${fact.reference}`
    case 'begun':
      return `${fact.attempt} number ${fact.number} at ${fact.offer} (${fact.agreement})`
    case 'begun_again':
    case 'left':
      return fact.attempt
    case 'reading':
      return `${fact.attempt} ${fact.source}: ${inWords(fact.reading)}`
    case 'outcome':
      return `${fact.attempt} ${fact.of}: ${fact.result}`
    case 'closing_asked':
      return `${fact.as} by ${fact.by}`
    case 'closed':
      return fact.as
    case 'plan_ended':
      return `${fact.attempt}: ${fact.finding}`
    case 'refund_asked':
      return `${fact.refund} of ${fact.attempt}: ${toDecimal({ amountMinor: fact.amountMinor, currency })} ${currency}${fact.reason === undefined ? '' : `, ${fact.reason}`}`
    case 'refund_withheld':
      return `${fact.refund}: with what went back, more than was paid`
    case 'refund_handed':
      return `${fact.refund}: ${fact.why}`
    case 'twin':
      return fact.other
    case 'ruled':
      return `${fact.refund ?? fact.attempt ?? fact.flag ?? ''} ${fact.as} by ${fact.by}: ${fact.note}`.trimStart()
  }
}
