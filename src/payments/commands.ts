import { createHash } from 'node:crypto'
import { base32, type EventId, newId, type PaymentId } from '../kernel/ids.ts'
import type { Localized } from '../kernel/language.ts'
import { fail, ok, type Result } from '../kernel/result.ts'
import { DAY_MS, type Instant, parseInstant } from '../kernel/time.ts'
import { type Directory, type EService, offersFor } from '../merchants/index.ts'
import type { Tx } from '../platform/db/db.ts'
import type { OrderedFact, PaymentState } from './facts.ts'
import type { Hub } from './hub.ts'
import { type Command, decide, type Refusal, stateOf } from './payment.ts'
import { DEADLINE, jobKey, record } from './record.ts'
import type { NewPayment } from './schemas.ts'
import {
  type Details,
  insertPayment,
  type Loaded,
  lockPayment,
  type PaymentRow,
  referenceHolder,
} from './store/index.ts'

/** What can be wrong with an order beyond its shape; `path` names the field. */
export type OrderRefusal =
  | {
      readonly code: 'return_url_not_registered' | 'unknown_payee' | 'unknown_offer' | 'agreement_not_valid'
      readonly path: string
      readonly detail: string
    }
  | {
      readonly code: 'amount_out_of_limits' | 'expiry_out_of_range' | 'language_not_offered'
      readonly path: string
      readonly detail: string
    }
  | { readonly code: 'reference_in_use'; readonly payment: string }

/** The longest an order may stay open. */
const LONGEST_EXPIRY_MS = 366 * DAY_MS

/** Checks an order against what is known of the e-service; pure. */
export const checkOrder = (
  hub: Pick<Hub, 'channels'>,
  directory: Directory,
  eService: EService,
  order: NewPayment,
  now: Instant,
): Result<
  { readonly details: Details; readonly expiresAt: Instant; readonly attempts: 'one' | 'many' },
  OrderRefusal
> => {
  const refusal =
    checkReturn(eService, order) ??
    checkPayee(directory, eService, order) ??
    checkLanguage(eService, order) ??
    checkLimits(eService, order) ??
    checkOffers(hub, directory, eService, order, now)
  if (refusal) return fail(refusal)
  const expiresAt = order.expiresAt ? (parseInstant(order.expiresAt) ?? now) : now + eService.expiresAfterMs
  if (expiresAt <= now || expiresAt > now + LONGEST_EXPIRY_MS) {
    return fail({
      code: 'expiry_out_of_range',
      path: 'expiresAt',
      detail: 'Give a time in the future, at most 366 days ahead.',
    })
  }
  const language = order.language ?? eService.languages[0] ?? 'en'
  return ok({
    details: detailsOf(order, language),
    expiresAt,
    attempts: order.attempts ?? (order.channel ? 'one' : eService.attempts),
  })
}

const detailsOf = (order: NewPayment, language: string): Details => {
  const description: Localized =
    typeof order.description === 'string' ? { [language]: order.description } : order.description
  return {
    description,
    returnUrl: order.returnUrl,
    account: order.payee ?? null,
    payer: order.payer ? withoutUndefined(order.payer) : null,
    paymentReference: order.paymentReference ?? null,
    language,
    channel: order.channel ?? null,
    channels: order.channels ?? null,
    metadata: order.metadata ?? {},
  }
}

/** Validation gives `undefined` for what is absent; stored orders have no such keys. */
const withoutUndefined = (payer: NonNullable<NewPayment['payer']>): NonNullable<Details['payer']> =>
  Object.fromEntries(Object.entries(payer).filter(([, value]) => value !== undefined))

const checkReturn = (eService: EService, order: NewPayment): OrderRefusal | undefined => {
  const { origin, username, password } = new URL(order.returnUrl)
  if (eService.returnOrigins.includes(origin) && username === '' && password === '') return undefined
  const registered = eService.returnOrigins.join(', ')
  const detail = `The address must be on an origin registered for this e-service: ${registered}. It is on ${origin}.`
  return { code: 'return_url_not_registered', path: 'returnUrl', detail }
}

/** The payee, where one is named, is an account of the merchant’s. */
export const checkPayee = (
  directory: Directory,
  eService: EService,
  order: Pick<NewPayment, 'payee'>,
): OrderRefusal | undefined => {
  const accounts = directory.merchants.get(eService.merchant)?.accounts ?? []
  if (order.payee === undefined || accounts.some((account) => account.id === order.payee)) return undefined
  const detail = `The merchant has these accounts: ${accounts.map((account) => account.id).join(', ')}.`
  return { code: 'unknown_payee', path: 'payee', detail }
}

const checkLanguage = (eService: EService, order: NewPayment): OrderRefusal | undefined => {
  if (order.language === undefined || eService.languages.includes(order.language)) return undefined
  const detail = `This e-service’s pages speak: ${eService.languages.join(', ')}.`
  return { code: 'language_not_offered', path: 'language', detail }
}

const checkLimits = (eService: EService, order: NewPayment): OrderRefusal | undefined => {
  const { minMinor = 1, maxMinor = Number.MAX_SAFE_INTEGER } = eService.limits
  if (order.amount >= minMinor && order.amount <= maxMinor) return undefined
  const detail = `This e-service takes from ${minMinor} to ${maxMinor} minor units.`
  return { code: 'amount_out_of_limits', path: 'amount', detail }
}

const checkOffers = (
  hub: Pick<Hub, 'channels'>,
  directory: Directory,
  eService: EService,
  order: NewPayment,
  now: Instant,
): OrderRefusal | undefined => {
  const all = offersFor(directory, hub.channels, { eService, now })
  const payee = order.payee === undefined ? {} : { account: order.payee }
  const fit = offersFor(directory, hub.channels, { eService, now, ...payee })
  const money = { amountMinor: order.amount, currency: order.currency }
  const payable = offersFor(directory, hub.channels, { eService, now, ...payee, ...money })
  const named = [...(order.channels ?? []), ...(order.channel ? [order.channel] : [])]
  const path = order.channel ? 'channel' : 'channels'
  if (order.channel && order.channels && !order.channels.includes(order.channel)) {
    return { code: 'unknown_offer', path: 'channel', detail: 'The channel must be one of channels.' }
  }
  for (const id of named) {
    if (!all.some((offer) => offer.id === id)) return unknownOrOutOfDate(directory, eService, id, path)
    if (!fit.some((offer) => offer.id === id)) {
      return { code: 'unknown_offer', path, detail: `The offer ${id} does not pay into that account.` }
    }
  }
  const usable = named.length > 0 ? payable.filter((offer) => named.includes(offer.id)) : payable
  if (usable.length > 0) return undefined
  if (fit.length > 0) {
    return {
      code: 'amount_out_of_limits',
      path: 'amount',
      detail: 'No offer takes this amount in this currency: see GET /v1/channels.',
    }
  }
  return {
    code: 'agreement_not_valid',
    path: 'payee',
    detail: 'The merchant has no agreement that is valid today for this account.',
  }
}

/** An offer is named by its channel, so that an id outlives the agreement behind it. */
const unknownOrOutOfDate = (directory: Directory, eService: EService, id: string, path: string): OrderRefusal =>
  eService.offers.some((agreement) => directory.agreements.get(agreement)?.channel === id.split('.')[0])
    ? { code: 'agreement_not_valid', path, detail: `The agreement behind ${id} is not valid today.` }
    : { code: 'unknown_offer', path, detail: `There is no offer ${id}: see GET /v1/channels for those there are.` }

export type Ordering = {
  readonly directory: Directory
  readonly eService: EService
  readonly order: NewPayment
  readonly now: Instant
  readonly traceparent?: string | undefined
}
export type Placed = { readonly row: PaymentRow; readonly state: PaymentState }

/** Writes a new payment, its order and its deadline, in the caller's transaction. */
export const placeOrder = async (
  hub: Hub,
  tx: Tx,
  { directory, eService, order, now, traceparent }: Ordering,
): Promise<Result<Placed, OrderRefusal>> => {
  const checked = checkOrder(hub, directory, eService, order, now)
  if (!checked.ok) return checked
  const { details, expiresAt, attempts } = checked.value
  const row: PaymentRow = {
    merchant: eService.merchant,
    id: newId('pay', now, hub.random),
    eService: eService.id,
    mode: eService.mode,
    payToken: base32(hub.random(20)),
    details,
    holdsReference: true,
    reference: order.reference,
    sequence: 0,
    createdAt: now,
    traceparent: traceparent ?? null,
  }
  const ordered: OrderedFact = {
    fact: 'ordered',
    key: 'ordered',
    at: now,
    payment: row.id,
    amount: { amountMinor: order.amount, currency: order.currency },
    description: details.description,
    reference: order.reference,
    attempts,
    expiresAt,
  }
  if (!(await insertPayment(tx, row, ordered))) {
    const payment = (await referenceHolder(tx, row.merchant, row.eService, row.reference)) ?? 'another'
    return fail({ code: 'reference_in_use', payment })
  }
  await hub.jobs.set(tx, [{ kind: DEADLINE, key: jobKey(row.merchant, row.id), runAt: expiresAt }])
  return ok({ row, state: stateOf([ordered]) })
}

/** Takes one decision on a payment, in the caller's transaction. Undefined: there is no such payment. */
export const decideOn = async (
  hub: Hub,
  tx: Tx,
  merchant: string,
  payment: string,
  command: Command,
  owns: (row: PaymentRow) => boolean = () => true,
): Promise<
  { readonly row: PaymentRow; readonly decided: Result<PaymentState, Refusal>; readonly now: PaymentState } | undefined
> => {
  const loaded = await lockPayment(tx, merchant, payment)
  if (!loaded || !owns(loaded.row)) return undefined
  const now = hub.clock.now()
  const decided = decide(loaded.facts, command, now)
  if (!decided.ok) return { row: loaded.row, decided, now: stateOf(loaded.facts) }
  await record(hub, tx, loaded, decided.value, now)
  const { state } = decided.value
  // Closing waits for attempts that may still be paid: those are asked at once, not at their next turn.
  if (state.closing) await hub.jobs.set(tx, [{ kind: DEADLINE, key: jobKey(merchant, payment), runAt: now }])
  return { row: loaded.row, decided: ok(state), now: state }
}

/** The payer goes back to the e-service: after a refusal that closes the payment as refused, before any attempt as cancelled; otherwise nothing is given up. */
export const payerLeaves = async (hub: Hub, loaded: Loaded): Promise<PaymentState> => {
  const state = stateOf(loaded.facts)
  const busy = state.final || state.closing !== undefined || state.attempts.some((attempt) => attempt.mayStillBePaid)
  if (busy) return state
  const as = state.attempts.some((attempt) => attempt.status === 'refused') ? 'refused' : 'cancelled'
  const command: Command = { do: 'close', as, by: 'payer' }
  const { merchant, id } = loaded.row
  const done = await hub.db.tx((tx) => decideOn(hub, tx, merchant, id, command))
  return done?.now ?? state
}

export const bodyHash = (parts: readonly (string | Uint8Array)[]): string => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part).update('\0')
  return hash.digest('hex')
}

export const isPaymentId = (text: string): text is PaymentId => /^pay_[0-9a-z]{26}$/.test(text)
export const isEventId = (text: string): text is EventId => /^evt_[0-9a-z]{26}$/.test(text)
