import type { Localized } from '../../kernel/language.ts'
import type { Instant } from '../../kernel/time.ts'
import type { Directory } from '../../merchants/index.ts'
import type { AttemptState, Flag } from '../facts.ts'
import { isShownOut, isTriedOut } from '../payment.ts'
import { type Named, nameOf, receiptOf } from '../receipts/paid.ts'
import type { Bill, Frame, OfferChoice, PayerPage, RefusalShown } from './props.ts'

/** What is needed to say which page shows a payment's state. */
export type Shown = Named & { readonly frame: Frame; readonly directory: Directory }

export type Asked = {
  /** The payer asked for the choices. */
  readonly choose: boolean
  readonly refreshes: boolean
  readonly last?: string
}

export const billOf = ({ loaded, state }: Pick<Named, 'loaded' | 'state'>): Bill => ({
  description: loaded.row.details.description,
  amount: state.order.amount,
  reference: loaded.row.reference,
  payUntil: state.order.expiresAt,
})

/** Flags that a payer whose money arrived should know of: a person is looking at it. */
const TOLD_TO_PAYER: readonly Flag[] = ['paid_late', 'paid_twice', 'reversed', 'contradiction']
/** Flags that keep a payment that is not executed with a person. */
const DISPUTED: readonly Flag[] = [
  'amount_mismatch',
  'currency_mismatch',
  'payee_mismatch',
  'echo_mismatch',
  'contradiction',
]

/** The one page that shows a payment's state. Every state has one; the address of a payment never leads to an error. */
export const pageOf = (shown: Shown, asked: Asked): PayerPage => {
  const { frame, state } = shown
  const bill = billOf(shown)
  const flags = state.attention.map((attention) => attention.flag)
  if (state.status === 'executed') {
    const flag = flags.find((one) => TOLD_TO_PAYER.includes(one))
    const receipt = receiptOf(shown)
    return flag ? { page: 'attention', frame, bill, flag, receipt } : { page: 'paid', frame, bill, receipt }
  }
  const disputed = flags.find((flag) => DISPUTED.includes(flag))
  if (disputed && !asked.choose) return { page: 'attention', frame, bill, flag: disputed }
  const last = state.attempts.at(-1)
  switch (state.status) {
    case 'cancelled':
    case 'expired':
      return { page: 'closed', frame, bill, as: state.status }
    case 'refused':
      return state.order.attempts === 'one' && last?.reason
        ? notPaid(shown, last, last.reason, false)
        : { page: 'closed', frame, bill, as: 'refused' }
    case 'accepted':
    case 'started':
      return underWay(shown, asked)
    case 'open':
      if (state.closing)
        return {
          page: 'closing',
          frame,
          bill,
          as: state.closing,
          through: through(shown, last),
          refreshes: asked.refreshes,
        }
      return !asked.choose && last?.reason ? notPaid(shown, last, last.reason, true) : choosePage(shown, asked)
  }
}

const notPaid = (shown: Shown, attempt: AttemptState, reason: RefusalShown, mayTryAgain: boolean): PayerPage => ({
  page: 'not-paid',
  frame: shown.frame,
  bill: billOf(shown),
  through: nameOf(shown, attempt),
  reason,
  mayTryAgain,
})

const underWay = (shown: Shown, asked: Asked): PayerPage => {
  const { frame, state } = shown
  const bill = billOf(shown)
  const accepted = state.attempts.find((attempt) => attempt.status === 'accepted')
  const busy = accepted ?? state.current ?? state.attempts.findLast((attempt) => attempt.mayStillBePaid)
  if (state.closing)
    return {
      page: 'closing',
      frame,
      bill,
      as: state.closing,
      through: through(shown, busy),
      refreshes: asked.refreshes,
    }
  const mayChoose = !accepted
  if (asked.choose && mayChoose) return choosePage(shown, asked)
  return {
    page: 'processing',
    frame,
    bill,
    known: accepted ? 'taken' : 'asking',
    through: through(shown, busy),
    refreshes: asked.refreshes,
    mayChoose,
  }
}

export const choosePage = (
  shown: Shown,
  asked: Pick<Asked, 'last'>,
  mistake?: 'nothing_chosen' | 'not_offered',
): PayerPage => {
  const { frame, state } = shown
  const { current } = state
  const last = state.attempts.at(-1)
  return {
    page: 'choose',
    frame,
    bill: billOf(shown),
    offers: offerChoices(shown),
    ...(asked.last ? { last: asked.last } : {}),
    ...(mistake ? { mistake } : {}),
    ...(last?.reason ? { refused: { name: nameOf(shown, last), reason: last.reason } } : {}),
    ...(current
      ? { begun: { offer: current.offer, name: nameOf(shown, current), isShownOut: isShownOut(current) } }
      : {}),
    isTriedOut: isTriedOut(state),
  }
}

/** What is under way, unless it was shown too often already; anything else only where a further attempt may begin. */
const mayBeChosen = ({ order, attempts, current }: Shown['state'], offer: string): boolean => {
  if (current?.offer === offer) return !isShownOut(current)
  return attempts.length === 0 || (order.attempts === 'many' && !isTriedOut({ attempts }))
}

const offerChoices = ({ offers, state, directory }: Shown): readonly OfferChoice[] =>
  offers
    .filter(({ id }) => mayBeChosen(state, id))
    .map((offer) => {
      const pausedUntil: Instant | undefined = directory.agreements.get(offer.agreement)?.pause?.to
      return {
        id: offer.id,
        name: offer.name,
        logo: offer.logo,
        health: offer.health,
        ...(offer.pauseText ? { pauseText: offer.pauseText } : {}),
        ...(offer.health === 'paused' && pausedUntil !== undefined ? { pausedUntil } : {}),
      }
    })

const through = (shown: Shown, attempt: AttemptState | undefined): Localized =>
  attempt ? nameOf(shown, attempt) : shown.frame.brand.eService
