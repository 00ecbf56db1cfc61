import { fieldOf } from '../ledger.ts'
import type { Answer, Asked, Bent } from './line.ts'

/**
 * What a bent answer still is. `own`: the bank's own word. `broken`: form, identity, amount or HTTP are not what the bank gave.
 * `plausible`: another word that the bank might have said of this very order. No signature tells that one from the bank's (only TLS
 * keeps the line, see the channel's README), so it is not sent. `first`: as the bank told of this order the first time.
 */
export type Word = 'own' | 'broken' | 'plausible'

export const wordOf = (asked: Asked, real: Answer, bent: Bent, first: Answer): Word => {
  if (bent.kind === 'bytes') return 'broken'
  const isDone = (status: number) => status === 200 || status === 201
  if (!isDone(bent.status)) return isDone(real.status) && believesRefusal(asked, bent.status) ? 'plausible' : 'broken'
  const [was, is] = [parsed(real.body), parsed(bent.body)]
  if (is === undefined || typeof is !== 'object') return 'broken'
  if (JSON.stringify(is) === JSON.stringify(was)) return 'own'
  if (IDENTITY.some((name) => fieldOf(is, name) !== fieldOf(was, name))) return 'broken'
  if (isAsAt(first, is) && !isAsAt(first, was)) return 'plausible'
  const saysOther = SAYS.some((name) => JSON.stringify(fieldOf(is, name)) !== JSON.stringify(fieldOf(was, name)))
  return saysOther && isKnown(fieldOf(is, 'status')) ? 'plausible' : 'broken'
}

/** Whose money is as the bank repeated our order at first: what it took otherwise must not be put right on the way. */
const isAsAt = (first: Answer, said: unknown): boolean => {
  const ordered = parsed(first.body)
  return MONEY.every((name) => fieldOf(said, name) === fieldOf(ordered, name))
}
const MONEY = ['amount', 'currency', 'account']

const IDENTITY = ['id', 'merchant', 'number']
const SAYS = ['status', 'refunds', 'reversals']
const KNOWN = ['created', 'processing', 'paid', 'declined', 'cancelled', 'expired', 'pending', 'done', 'failed']
const isKnown = (word: unknown): boolean => typeof word === 'string' && KNOWN.includes(word)

/** The channel's README: a 4xx to an order means that nothing began, a 404 to a number that nobody gave it; these ask for another try. */
const believesRefusal = ({ method, path }: Asked, status: number): boolean =>
  (method === 'POST' && status >= 400 && status < 500 && ![408, 425, 429].includes(status)) ||
  (path.includes('number=') && status === 404)

/** Undefined: no JSON in UTF-8. */
const parsed = (body: Uint8Array): unknown => {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
    return value
  } catch {
    return undefined
  }
}

/** By which the answers about one order are known. */
export const orderOf = ({ body }: Answer): unknown => fieldOf(parsed(body), 'id')
