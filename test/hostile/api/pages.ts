import { type KeyObject, sign } from 'node:crypto'
import { SECOND_MS } from '../../../src/kernel/time.ts'
import type { Chance } from '../../torture/chance.ts'
import type { Written } from '../ledger.ts'
import type { Got, Sent } from '../request.ts'
import { STRANGE_SEGMENTS, strangeText } from './strange.ts'
import { type ApiWorld, MARKS } from './world.ts'

/** What a payer's browser brings: signed orders and requests for pages. They stand in no document, so each says what may become of it. */
export type PageCase = {
  readonly what: string
  readonly request: Sent
  readonly mustRefuse: boolean
  /** Where a payment that is over may show itself instead. */
  readonly orShows?: string
}

const FORM = ['content-type', 'application/x-www-form-urlencoded'] as const
const formOf = (target: string, fields: Readonly<Record<string, string>>): Sent => ({
  method: 'POST',
  target,
  headers: [FORM],
  body: Buffer.from(new URLSearchParams(fields).toString()),
})

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
const signed = (header: unknown, claims: unknown, key: KeyObject): string => {
  const text = `${part(header)}.${part(claims)}`
  return `${text}.${sign(null, Buffer.from(text), key).toString('base64url')}`
}

/** A signed order with one thing wrong, or with none. */
const signedOrder = ({ hub, keys, orderOf }: ApiWorld, chance: Chance): PageCase => {
  const iat = Math.floor(hub.clock.now() / SECOND_MS)
  const jti = String(chance.between(0, 2 ** 50))
  const claims = { ...orderOf(chance), iss: 'property-tax', aud: hub.root, iat, exp: iat + 300, jti }
  const good = signed({ alg: 'EdDSA' }, claims, keys.ours.privateKey)
  const [head = '', body = '', signature = ''] = good.split('.')
  const at = chance.between(0, good.length - 1)
  const claim = chance.pick('iss', 'aud', 'iat', 'exp', 'jti')
  const bad: readonly (readonly [what: string, token: string])[] = [
    ['a letter altered', `${good.slice(0, at)}${good[at] === 'A' ? 'B' : 'A'}${good.slice(at + 1)}~`],
    ['another amount', `${head}.${part({ ...claims, amount: 1 })}.${signature}`],
    ['no algorithm', `${part({ alg: 'none' })}.${body}.`],
    ['HS256', `${part({ alg: 'HS256' })}.${body}.${signature}`],
    ['a critical header', signed({ alg: 'EdDSA', crit: ['b64'], b64: false }, claims, keys.ours.privateKey)],
    ['another e-service’s key', signed({ alg: 'EdDSA' }, claims, keys.theirs.privateKey)],
    ['another e-service’s name', signed({ alg: 'EdDSA' }, { ...claims, iss: 'kindergarten' }, keys.ours.privateKey)],
    [
      `${claim} is strange`,
      signed({ alg: 'EdDSA' }, { ...claims, [claim]: { a: strangeText(chance) } }, keys.ours.privateKey),
    ],
    ['cut off', good.slice(0, at)],
    ['nothing', ''],
    ['strange', strangeText(chance).slice(0, 2_000)],
  ]
  if (chance.happens(0.2))
    return { what: 'a signed order', request: formOf('/pay', { order: good }), mustRefuse: false }
  const [what, token] = bad[chance.between(0, bad.length - 1)] ?? ['nothing', '']
  return { what: `a signed order: ${what}`, request: formOf('/pay', { order: token }), mustRefuse: true }
}

/** A payer's page, asked for in odd ways; or one that there is not. */
const page = ({ known }: ApiWorld, chance: Chance): PageCase => {
  const own = new URL(known.tokens[chance.between(0, known.tokens.length - 1)] ?? '').pathname
  // Two dots lead to another page, which there is.
  const strange = chance.pick('', ...STRANGE_SEGMENTS.filter((segment) => segment !== '..'))
  const rest = chance.pick('', '/receipt', '/receipt.json', '/receipt.pdf', '/choose', '/nowhere')
  if (chance.happens(0.4)) {
    const target = `/pay/${strange.slice(0, 200) || 'x'}${rest}`
    const request = rest === '/choose' ? formOf(target, { offer: 'sandbox' }) : { method: 'GET', target, headers: [] }
    return { what: 'a page of no payment', request, mustRefuse: true }
  }
  if (rest === '/choose')
    return {
      what: 'a strange choice',
      request: formOf(`${own}/choose`, { offer: `x${strangeText(chance)}` }),
      mustRefuse: true,
      orShows: `${own}?back=yes`,
    }
  const target = `${own}${rest}?${chance.pick('lang', 'choose', 'back', '__proto__', 'x')}=${strange}`
  const headers = [
    ['cookie', 'last_offer=%ff; __proto__=x'],
    ['accept-language', `${'x,'.repeat(200)}\xff`],
  ] as const
  return {
    what: 'a page asked for in odd ways',
    request: { method: 'GET', target, headers },
    mustRefuse: rest === '/nowhere',
  }
}

export const makePageCase = (world: ApiWorld, chance: Chance): PageCase =>
  chance.happens(0.5) ? signedOrder(world, chance) : page(world, chance)

export const pageBreaches = (
  one: PageCase,
  { status, type, headers, body }: Got,
  written: readonly Written[],
): readonly string[] => {
  const { orShows } = one
  const shows = orShows !== undefined && status === 303 && String(headers.location).startsWith(orShows)
  const refused = status >= 400
  const begunNothing = refused || shows
  return [
    ...(status >= 500 ? [`answered ${status}`] : []),
    ...(one.mustRefuse && !begunNothing ? [`is taken with ${status}`] : []),
    ...(refused && !type.startsWith('text/html') ? [`refused with ${type || 'nothing'} to read`] : []),
    ...(begunNothing ? written.map(({ table, op }) => `leaves ${op} ${table}`) : []),
    ...(body.includes(MARKS.theirs) ? ['shows what is another e-service’s'] : []),
  ]
}
