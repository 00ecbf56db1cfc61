import type { World } from '../../src/sandbox/index.ts'
import type { PaymentSeen } from '../torture/feed.ts'
import type { TurnedAway } from './balancer.ts'

/** Which answers from 400 to 499 a single release would give too. Pure. */

export type Asked = {
  readonly turnedAway: readonly TurnedAway[]
  readonly payments: readonly PaymentSeen[]
  readonly orders: ReturnType<World['orders']>
}

const FORGED = 'bad_signature'

/** Those that it would not: what one release made, the other did not know or did not believe. */
export const wronglyTurnedAway = ({ turnedAway, payments, orders }: Asked): readonly string[] => {
  const ended = new Set(payments.filter(({ view }) => NOT_TO_CANCEL.includes(view.status)).map(({ view }) => view.id))
  const forged = forgedNotices(payments, orders)
  return turnedAway
    .filter(({ method, path, status }) => {
      const [, cancelled = ''] = /^\/v1\/payments\/(pay_\w+)\/cancel$/.exec(path) ?? []
      if (method === 'POST' && status === 409 && ended.has(cancelled)) return false
      const [, attempt = ''] = /^\/psp\/.*\/(att_\w+)\/(?:back|notice)$/.exec(path) ?? []
      // A bank's server sends it once; the payer who brings it too is shown the payment.
      return !(status === 400 && forged.delete(attempt))
    })
    .map(({ method, path, status }) => `${method} ${path}: ${status}, which one release alone would not answer`)
}

/** The others end so by being cancelled, or by a deadline that is days away. */
const NOT_TO_CANCEL = ['executed', 'refused']

/** Attempts whose bank was made to send a message with a wrong signature. */
const forgedNotices = (payments: Asked['payments'], orders: Asked['orders']): Set<string> => {
  const at = new Set(
    orders.filter(({ decided }) => decided?.id === FORGED).map(({ channel, number }) => `${channel} ${number}`),
  )
  const attempts = payments.flatMap(({ view }) => view.attempts)
  return new Set(attempts.filter(({ offer, number }) => at.has(`${offer} ${number}`)).map(({ id }) => id))
}

/** How many payments' pages, and attempts' messages, were answered well by both. */
export const answeredByBoth = (
  answeredWell: ReadonlyMap<string, ReadonlySet<number>>,
): { readonly pages: number; readonly attempts: number } => {
  const both = [...answeredWell].filter(([, ports]) => ports.size > 1).map(([what]) => what)
  return {
    pages: both.filter((what) => what.startsWith('/pay/')).length,
    attempts: both.filter((what) => what.startsWith('/psp/')).length,
  }
}
