import type { KindWords } from '../tasks/index.ts'
import type { PaymentTask } from './tasks.ts'

/** What each kind of task about a payment means, for a clerk who has never met one. */

const PAID = 'the money is on the merchant’s account: the attempt counts as paid, and the e-service is told'
const NOT_PAID = 'no money came and none will: the attempt counts as refused, and the payer may try again'
const SETTLED = 'dealt with: nothing of the payment changes; a new message of the kind asks again'
const STATEMENT = 'Look at the account statement'

const mismatch = (title: string, means: string): KindWords => ({
  title,
  means: `${means} Such a message confirms nothing, so by it alone the payment is not paid.`,
  todo: `${STATEMENT}: did the ordered sum come to the merchant’s account? If another sum came, pay it back at the bank or ask the payer for the rest.`,
  rulings: { paid: PAID, 'not-paid': NOT_PAID, settled: SETTLED },
})

export const PAYMENT_TASK_WORDS: Readonly<Record<PaymentTask, KindWords>> = {
  paid_late: {
    title: 'Paid after it was closed',
    means:
      'The e-service was told that nothing came, and then the bank confirmed the money. The e-service is told that too.',
    todo: 'Ask the e-service whether the bill was still owed. If it was, it is paid now. If not, the e-service asks for a refund.',
    rulings: { settled: SETTLED },
  },
  paid_twice: {
    title: 'Paid twice',
    means:
      'The merchant has the money of one bill twice: by two attempts, by two bank numbers of one attempt, or by another payment of the same reference.',
    todo: 'Compare with the account statement, and pay back what came too much: the e-service asks for a refund, or a clerk makes it at the bank.',
    rulings: { settled: SETTLED },
  },
  amount_mismatch: mismatch('Another amount', 'A verified message states another amount than was ordered.'),
  currency_mismatch: mismatch('Another currency', 'A verified message states another currency than was ordered.'),
  payee_mismatch: mismatch(
    'Another account',
    'A verified message names another account than the merchant’s, so it may be meant for somebody else.',
  ),
  echo_mismatch: mismatch(
    'Not our order',
    'What was to come back unchanged came back changed: a verified message belongs to another order, or was carried to the wrong one.',
  ),
  contradiction: {
    title: 'Called both paid and not paid',
    means:
      'Verified messages say both paid and refused, or the bank confirmed what a person had ruled not paid. An attempt that was confirmed as paid stays paid; one that was refused and then called paid without its amount waits for your word.',
    todo: `${STATEMENT}, or ask the bank which of the two holds.`,
    rulings: { paid: PAID, 'not-paid': NOT_PAID, settled: SETTLED },
  },
  reversed: {
    title: 'Money went back without the hub',
    means: 'The payment was paid, and the bank tells of money that went back though nobody here asked for it.',
    todo: 'Find out why at the bank. If the bill is owed again, the e-service asks the payer anew.',
    rulings: { settled: SETTLED },
  },
  stuck: {
    title: 'The bank leaves it open',
    means:
      'The bank’s last moment to take the money is past, and it has neither confirmed nor refused it. The hub has asked where it can be asked, and takes a late answer in.',
    todo: `${STATEMENT}, or ask the bank by the number it was given.`,
    rulings: { paid: PAID, 'not-paid': NOT_PAID },
  },
  refund_by_hand: {
    title: 'Pay back by hand',
    means:
      'A refund is promised and the hub does not send it: the bank takes none from a program, or could not be told for a day. The bank has not heard of it.',
    todo: 'Make the transfer at the bank, then rule it with the bank’s number of it. If it cannot be made, rule that: the sum may then be asked for again.',
    rulings: {
      'refund-done': 'you have paid it back: the e-service is told refund.done. Add --reference with the bank’s number',
      'refund-failed': 'you have not paid it back and will not: the e-service is told refund.failed',
    },
  },
  refund_unsettled: {
    title: 'A refund without an answer',
    means:
      'The bank may have made this refund, and has not said what became of it. The hub goes on asking where the bank can be asked; it does not send it again. Or the hub has not sent it: the database was restored, so it may be a forgotten refund asked for again, and the bank tells of such a one, cannot be asked about it, or did not answer for a day.',
    todo: `${STATEMENT}, or ask the bank by the numbers of the refund and of the payment. Do not make it again before you know. If it is one that the payment shows as made at the bank, rule refund-failed: it is counted there.`,
    rulings: {
      'refund-done': 'the money went back: the e-service is told refund.done',
      'refund-failed':
        'it did not go back and will not: the e-service is told refund.failed, and the sum may be asked for again',
    },
  },
  refund_disputed: {
    title: 'The bank says otherwise of a refund',
    means:
      'A person ruled what became of a refund, and a verified message of the bank says otherwise. Done is never taken back: if either says so, the refund counts as done.',
    todo: `${STATEMENT}. If the money did not go back, pay it back at the bank, since the e-service was told that it is done. If another refund was made in its place, the payer has it twice: ask for it.`,
    rulings: { settled: 'dealt with: what went back is now what the payment says' },
  },
  refunded_too_much: {
    title: 'More went back than was paid',
    means:
      'Refunds that are done, with what the bank reversed, come to more than was paid: one that had failed was made after all beside another in its place, or the bank paid back by itself.',
    todo: `${STATEMENT}. What the payer has too much, ask the payer or the bank for.`,
    rulings: { settled: 'dealt with: this sum is not asked about again, a larger one is' },
  },
}
