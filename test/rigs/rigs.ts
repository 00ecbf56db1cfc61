import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../src/kernel/time.ts'
import { bankNotice, sendNotice } from '../support/bank-notice.ts'
import { visit } from '../support/payer.ts'
import { noticesOf, ordered, truth } from '../support/story.ts'
import type { Habit } from './naive.ts'
import type { RigStage } from './stages.ts'
import {
  AMOUNT_MINOR,
  atBank,
  claimOf,
  decide,
  type Ended,
  ending,
  orderOf,
  paidBackAtBank,
  SANDBOX,
  says,
  setBankCalls,
  toldClosed,
} from './words.ts'

/**
 * Public failures of others, replayed: each story is told over HTTP to our hub and, word for word, to a naive one with the habit that
 * failed. The bank, its messages and the e-service are the same for both. `docs/rigs.md` is drawn from this table.
 */
export type Rig = {
  /** The failure; the test's name too. */
  readonly name: string
  readonly where: readonly Where[]
  /** What our hub does instead, and how. */
  readonly instead: string
  /** The first one is what fails; without it the rest plays the rig rightly. */
  readonly habits: readonly [Habit, ...Habit[]]
  readonly story: (stage: RigStage) => Promise<Ended>
  readonly right: Ended
  /** The public failure. */
  readonly wrong: Ended
  /** Flags that our hub raised on the way, for a person. */
  readonly attention?: readonly string[]
}

/** A thread in public, and what happened there in a sentence or two of ours. */
export type Where = { readonly repo: string; readonly number: number; readonly happened: string }

const PART_MINOR = 5_000

export const RIGS: readonly Rig[] = [
  {
    name: 'success after failure is ignored',
    where: [
      {
        repo: 'open-formulieren/open-forms',
        number: 5942,
        happened:
          'A payment’s first webhook said failed, which counted as final; a later one said that the money had been captured. It stood in the log and changed nothing.',
      },
    ],
    instead:
      'A payment is paid when the bank says so, however late: `executed` outranks every refusal, and a person is told that the bank said both.',
    habits: ['final_is_final'],
    story: async (stage) => {
      const bill = await atBank(stage)
      await decide(stage, bill, 'declined_then_paid')
      const first = (await truth(stage, bill.id)).status
      await stage.clock.advance(2 * MINUTE_MS)
      return { first, ...(await ending(stage, bill)) }
    },
    right: { first: 'refused', status: 'executed', paid: AMOUNT_MINOR, toldPaid: 1 },
    wrong: { first: 'refused', status: 'refused', paid: 0, toldPaid: 0 },
    attention: ['paid_late', 'contradiction'],
  },
  {
    name: 'the callback is lost and nobody asks',
    where: [
      {
        repo: 'open-formulieren/open-forms',
        number: 6191,
        happened:
          'Payer and PSP agreed that it was paid, and the form still waited for it. Nobody could tell whether the callback had come, and nothing asked the PSP.',
      },
      {
        repo: 'link-it/govpay',
        number: 844,
        happened:
          'Payments stayed “in progress” because their receipts never arrived; an operator had to fetch them by hand, dozens of tries each.',
      },
    ],
    instead: 'Each open attempt has a time at which the hub asks the bank by itself, and asks again until it knows.',
    habits: ['waits_for_the_callback'],
    story: async (stage) => {
      const bill = await atBank(stage)
      await decide(stage, bill, 'both_lost')
      await stage.clock.advance(DAY_MS)
      return ending(stage, bill)
    },
    right: { status: 'executed', paid: AMOUNT_MINOR, toldPaid: 1 },
    wrong: { status: 'started', paid: 0, toldPaid: 0 },
  },
  {
    name: 'return and notice both act',
    where: [
      {
        repo: 'medusajs/medusa',
        number: 13301,
        happened:
          'The shop’s own confirmation and the webhook worked on one payment at the same time: the capture was called twice, and some orders did not appear.',
      },
      {
        repo: 'open-formulieren/open-forms',
        number: 1498,
        happened:
          'The payer’s return and the webhook each sent the municipality its confirmation: nearly every payment was told twice.',
      },
    ],
    instead:
      'Both are heard under the payment’s lock. The state is a set of facts, so the second one adds nothing; one event, with its number, is written in the same transaction.',
    habits: ['looks_then_acts'],
    story: async (stage) => {
      const bill = await atBank(stage)
      const back = await stage.world.choose('sandbox', bill.atBank, 'notice_lost')
      const returnUrl = back.kind === 'carry' ? back.url : ''
      const notice = () => says(stage, bill, 'paid')
      await Promise.all([notice(), visit(returnUrl), notice(), visit(returnUrl), notice()])
      await stage.settle()
      return ending(stage, bill)
    },
    right: { status: 'executed', paid: AMOUNT_MINOR, toldPaid: 1 },
    wrong: { status: 'executed', paid: AMOUNT_MINOR, toldPaid: 2 },
  },
  {
    name: 'paid, but the request does not go on since one browser’s GET did both',
    where: [
      {
        repo: 'theopensystemslab/planx-new',
        number: 7122,
        happened:
          'When the applicant came back, one request recorded the success and let the application go on. If it failed, the error was logged, the page loaded for ever, and the paid application was never submitted.',
      },
    ],
    instead:
      'A return is a hint. When asking fails then, the server asks again by itself, and tells the e-service whether or not a browser ever comes.',
    habits: ['asks_once_on_return'],
    story: async (stage) => {
      const bill = await atBank(stage)
      await setBankCalls(stage, 'failing')
      await decide(stage, bill, 'notice_lost')
      await setBankCalls(stage, 'well')
      const first = (await truth(stage, bill.id)).status
      await stage.clock.advance(HOUR_MS)
      return { first, ...(await ending(stage, bill)) }
    },
    right: { first: 'started', status: 'executed', paid: AMOUNT_MINOR, toldPaid: 1 },
    wrong: { first: 'started', status: 'started', paid: 0, toldPaid: 0 },
  },
  {
    name: 'a final state is overwritten by an older message',
    where: [
      {
        repo: 'juspay/hyperswitch',
        number: 9925,
        happened:
          'A cancelled payment was asked about once more, and the PSP’s answer – it still waits for the customer – was written over the final status.',
      },
    ],
    instead:
      'The order of hearing is no argument of the state. While a bank may still take the money a cancel shows as `closing`; what is final is left only for `executed`.',
    habits: ['last_word_wins', 'waits_for_the_callback'],
    story: async (stage) => {
      const paid = await atBank(stage)
      await decide(stage, paid, 'pay')
      await says(stage, paid, 'processing')
      const given = await atBank(stage, { attempts: 'many' })
      await stage.api('POST', `/v1/payments/${given.id}/cancel`)
      await stage.clock.advance(HOUR_MS)
      await says(stage, given, 'created')
      await stage.settle()
      return { paid: (await truth(stage, paid.id)).status, cancelled: (await truth(stage, given.id)).status }
    },
    right: { paid: 'executed', cancelled: 'cancelled' },
    wrong: { paid: 'accepted', cancelled: 'started' },
  },
  {
    name: 'unknown is turned into failed after the last retry',
    where: [
      {
        repo: 'juspay/hyperswitch',
        number: 2380,
        happened:
          'Payments whose call to the PSP had timed out were moved to failed by the last retry, and the merchant was told so, though nobody knew what had become of them. Replayed here with every later question unanswered.',
      },
    ],
    instead:
      'Unknown stays unknown. Past the bank’s last moment a person has a task (`stuck`); a late answer is heard and ends it.',
    habits: ['gives_up_as_failed'],
    story: async (stage) => {
      const bill = await atBank(stage)
      await decide(stage, bill, 'both_lost')
      await setBankCalls(stage, 'failing')
      await stage.clock.advance(3 * DAY_MS)
      const silent = (await truth(stage, bill.id)).status
      await setBankCalls(stage, 'well')
      await says(stage, bill, 'paid')
      await stage.settle()
      return { silent, toldClosed: toldClosed(stage, bill), ...(await ending(stage, bill)) }
    },
    right: { silent: 'started', toldClosed: 0, status: 'executed', paid: AMOUNT_MINOR, toldPaid: 1 },
    wrong: { silent: 'refused', toldClosed: 1, status: 'executed', paid: AMOUNT_MINOR, toldPaid: 1 },
    attention: ['stuck'],
  },
  {
    name: 'a call for money that timed out is called failed',
    where: [
      {
        repo: 'juspay/hyperswitch',
        number: 2380,
        happened:
          'The same, with the call that moves the money itself: here a refund, which the bank makes, and whose answer is lost.',
      },
    ],
    instead:
      'A refund whose call may have acted stays `unknown`. It is repeated only under its own number, where the bank takes that for the same refund, else asked about; after a day a person has a task (`refund_unsettled`). The e-service is never told to ask again for what may have gone back.',
    habits: ['gives_up_as_failed'],
    story: async (stage) => {
      const bill = await atBank(stage, { unheard: true })
      await decide(stage, bill, 'pay')
      const refunds = `/v1/payments/${bill.id}/refunds`
      stage.line.breaks(bill.atBank, 'after')
      const { id } = (await stage.api('POST', refunds, { amount: PART_MINOR })).body
      await stage.clock.advance(3 * DAY_MS)
      const silent = (await stage.api('GET', `${refunds}/${id}`)).body.status
      stage.line.breaks(bill.atBank, undefined)
      if (silent === 'failed') await stage.api('POST', refunds, { amount: PART_MINOR })
      await stage.clock.advance(2 * DAY_MS)
      const refund = (await stage.api('GET', `${refunds}/${id}`)).body.status
      const toldFailed = noticesOf(stage, bill.id).filter((type) => type === 'refund.failed').length
      return { silent, toldFailed, refund, paidBack: paidBackAtBank(stage, bill) }
    },
    right: { silent: 'unknown', toldFailed: 0, refund: 'done', paidBack: PART_MINOR },
    wrong: { silent: 'failed', toldFailed: 1, refund: 'failed', paidBack: 2 * PART_MINOR },
  },
  {
    name: 'an answer that nobody knows is taken for a no',
    where: [
      {
        repo: 'juspay/hyperswitch',
        number: 2772,
        happened:
          'A payment had timed out, and the PSP, asked about it, answered with an error since it did not know the number it was asked by. The answer was mapped to failed.',
      },
    ],
    instead:
      'Only a word that the channel knows answers the question. Any other is kept, raises an alarm, and is asked about again; past the bank’s last moment a person has a task.',
    habits: ['takes_the_unknown_for_no'],
    story: async (stage) => {
      const bill = await atBank(stage)
      await decide(stage, bill, 'both_lost')
      stage.line.rewrite((answer) => answer.replace('"status":"paid"', '"status":"under_review"'))
      await stage.clock.advance(3 * DAY_MS)
      const unclear = (await truth(stage, bill.id)).status
      stage.line.rewrite(undefined)
      await says(stage, bill, 'paid')
      await stage.settle()
      return { unclear, toldClosed: toldClosed(stage, bill), ...(await ending(stage, bill)) }
    },
    right: { unclear: 'started', toldClosed: 0, status: 'executed', paid: AMOUNT_MINOR, toldPaid: 1 },
    wrong: { unclear: 'refused', toldClosed: 1, status: 'executed', paid: AMOUNT_MINOR, toldPaid: 1 },
    attention: ['stuck'],
  },
  {
    name: 'the notice comes before the row exists',
    where: [
      {
        repo: 'mollie/laravel-mollie',
        number: 119,
        happened:
          'The webhook was faster than the insert after the call that made the payment: the id was unknown, the answer 200, and the payment was never processed.',
      },
    ],
    instead:
      'The attempt is written before the bank is called. A message about an attempt that is not known is kept, tried again, and after an hour a person’s task.',
    habits: ['stores_after_the_call', 'waits_for_the_callback'],
    story: async (stage) => {
      const bill = await ordered(stage, SANDBOX)
      stage.line.meanwhile(async () => says(stage, { ...bill, ...orderOf(stage, bill) }, 'paid'))
      await visit(bill.payUrl)
      await stage.clock.advance(MINUTE_MS)
      return ending(stage, bill)
    },
    right: { status: 'executed', paid: AMOUNT_MINOR, toldPaid: 1 },
    wrong: { status: 'started', paid: 0, toldPaid: 0 },
  },
  {
    name: 'a clash is logged and dropped',
    where: [
      {
        repo: 'alphagov/pay-connector',
        number: 3217,
        happened:
          'Two notifications at once made one fail on the row’s version; the clash is logged and the message let go, on the thought that both say the same.',
      },
      {
        repo: 'opengovsg/FormSG',
        number: 6022,
        happened: 'Two webhooks of one payment, received at the same moment, could leave it in the wrong status.',
      },
    ],
    instead:
      'There is no version to clash on: each message waits for the lock, is stored raw, and what it says is added to the set.',
    habits: ['clash_is_logged', 'waits_for_the_callback'],
    story: async (stage) => {
      const bill = await atBank(stage)
      const answers = await Promise.all([says(stage, bill, 'processing'), says(stage, bill, 'paid')])
      await stage.settle()
      return { answers: answers.join(' '), ...(await ending(stage, bill)) }
    },
    right: { answers: '200 200', status: 'executed', paid: AMOUNT_MINOR, toldPaid: 1 },
    wrong: { answers: '200 200', status: 'accepted', paid: 0, toldPaid: 0 },
  },
  {
    name: 'a repeat is taken for a duplicate of the try that failed',
    where: [
      {
        repo: 'opengovsg/FormSG',
        number: 8389,
        happened:
          'The first delivery of an event failed half way. The PSP repeated it, the repeat was skipped as a duplicate, and the form’s own webhook was never sent.',
      },
    ],
    instead:
      'The raw message, what it says and its effect are one commit. What failed left nothing behind, is not answered 200, and its repeat is heard like a first.',
    habits: ['marks_seen_first', 'waits_for_the_callback'],
    story: async (stage) => {
      const bill = await atBank(stage)
      const notice = bankNotice(stage, claimOf(bill, 'paid'))
      stage.setOutage(true)
      const first = (await sendNotice(stage, notice)).status
      stage.setOutage(false)
      const again = (await sendNotice(stage, notice)).status
      await stage.settle()
      return { first, again, ...(await ending(stage, bill)) }
    },
    right: { first: 503, again: 200, status: 'executed', paid: AMOUNT_MINOR, toldPaid: 1 },
    wrong: { first: 503, again: 200, status: 'started', paid: 0, toldPaid: 0 },
  },
  {
    name: 'tries that failed are added to what was paid',
    where: [
      {
        repo: 'open-formulieren/open-forms',
        number: 4425,
        happened: 'A payer needed four tries; the sum handed on was four times what had been paid.',
      },
    ],
    instead: 'What was paid is the sum of the attempts that the bank has executed, and of nothing else.',
    habits: ['adds_every_try'],
    story: async (stage) => {
      const bill = await ordered(stage, { ...SANDBOX, attempts: 'many' })
      for (const choice of ['decline', 'decline', 'decline', 'pay']) {
        await visit(`${bill.payUrl}?channel=sandbox`)
        await decide(stage, { ...bill, ...orderOf(stage, bill) }, choice)
      }
      return ending(stage, bill)
    },
    right: { status: 'executed', paid: AMOUNT_MINOR, toldPaid: 1 },
    wrong: { status: 'executed', paid: 4 * AMOUNT_MINOR, toldPaid: 1 },
  },
]
