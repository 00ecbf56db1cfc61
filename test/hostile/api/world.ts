import { z } from 'zod'
import { DAY_MS, toRfc3339 } from '../../../src/kernel/time.ts'
import { startTestHub, type TestHub } from '../../support/hub.ts'
import { ordered, paidThrough, type Stage } from '../../support/story.ts'
import { type Chance, chanceFrom } from '../../torture/chance.ts'
import { type Ledger, openLedger } from '../ledger.ts'
import {
  type ApiDocument,
  type ApiOperation,
  type ApiParameter,
  bodySchemaOf,
  resolved,
  type Schema,
} from './document.ts'
import type { Draft, Foreign } from './draft.ts'
import { type OrderKeys, orderKeys } from './order-keys.ts'
import { allowedOf, pickOf } from './values.ts'

/** A hub with our e-service, whose key the cases use, and others, of whom nothing may ever be seen. */
export type ApiWorld = {
  readonly hub: TestHub
  readonly ledger: Ledger
  readonly keys: OrderKeys
  /** A request that the hub takes. */
  draftOf(document: ApiDocument, operation: ApiOperation, chance: Chance): Draft
  /** An order that the hub takes. */
  orderOf(chance: Chance): Readonly<Record<string, unknown>>
  /** What later cases are about: payments that can still be cancelled, those that were paid, their events and refunds. */
  readonly known: {
    readonly open: string[]
    readonly paid: string[]
    readonly events: string[]
    readonly refunds: [string, string][]
    /** Of those that were paid, the attempt that did it. */
    readonly attempts: ReadonlyMap<string, string>
    readonly tokens: string[]
    /** Where pages of payments and of events go on. */
    readonly cursors: { readonly payments: string; readonly events: string }
  }
  stop(): Promise<void>
}

/** Stand in every text of an e-service's payments: what is theirs is known by it. */
export const MARKS = { ours: 'OURS', theirs: 'THEIRS' }

/** Of another merchant, and of ours: what the second has lies beside our own. */
const OTHERS = ['kindergarten', 'library']
const withNeighbour = (text: string): string => {
  const origins = /returnOrigins: (\[.*\])/.exec(text)?.[1] ?? '[]'
  const library = `
      - id: library
        mode: test
        name: { lv: Bibliotēka, en: Library }
        returnOrigins: ${origins}
        notices: []
        offers: [liepkalni-sandbox]
        languages: [lv, en]
        attempts: many
        expiresAfter: P30D
        look: { brandColour: "#1d4f91", logo: look/liepkalni.svg }`
  return text.replace(/\n {4}eServices:/, (list) => list + library)
}

const Cursors = z.object({ next: z.string().optional(), cursor: z.string().optional() })

const PAID = 12
/** Of those that can be cancelled, so many are remembered. */
const OPEN = 50

export const openApiWorld = async (): Promise<ApiWorld> => {
  const keys = orderKeys()
  const hub = await startTestHub({ file: (text) => withNeighbour(keys.registered(text)) })
  const ours = hub.keyOf('property-tax', ['payer:read'])
  const foreign: Foreign[] = []
  for (const other of OTHERS) foreign.push(await theirsIn(hub, (await hub.keyOf(other, ['payer:read'])).key))
  const { key } = await ours
  const attempts = new Map<string, string>()
  for (let left = PAID; left > 0; left--) {
    const { order } = await paidThrough(hub, 'sandbox', 'return_lost', texts(MARKS.ours))
    const { body } = await hub.api('GET', `/v1/payments/${order.id}`, undefined, { key })
    attempts.set(order.id, body.attempts[0]?.id ?? '')
  }
  const page = Cursors.parse((await hub.api('GET', '/v1/payments?limit=1', undefined, { key })).body)
  const feed = Cursors.parse((await hub.api('GET', '/v1/events?limit=1', undefined, { key })).body)
  const cursors = { payments: page.next ?? '', events: feed.cursor ?? '' }
  const known: ApiWorld['known'] = {
    open: [],
    paid: [...attempts.keys()],
    events: [],
    refunds: [],
    tokens: [],
    attempts,
    cursors,
  }
  const { body } = await hub.api('GET', '/v1/events?limit=50', undefined, { key })
  known.events.push(...body.events.map(({ id }) => id))
  const first = chanceFrom(0)
  const orderOf = ordersFor(hub)
  for (let left = 5; left > 0; left--) {
    const made = await hub.api('POST', '/v1/payments', orderOf(first), { key })
    if (made.status !== 201) throw new Error(JSON.stringify(made.body))
    known.open.push(made.body.id)
    known.tokens.push(made.body.payUrl)
  }
  const [paid = ''] = known.paid
  const refund = await hub.api('POST', `/v1/payments/${paid}/refunds`, { amount: 1 }, { key })
  known.refunds.push([paid, refund.body.id])
  // The first receipt makes the key that signs receipts.
  await hub.api('GET', `/v1/payments/${paid}/receipt`, undefined, { key })
  await hub.settle()
  const ledger = await openLedger(hub.database.url)
  return {
    hub,
    ledger,
    keys,
    known,
    orderOf,
    draftOf: (document, operation, chance) => draft(document, operation, chance, { key, foreign, known, orderOf }),
    stop: async () => {
      await ledger.close()
      await hub.stop()
      keys.remove()
    },
  }
}

const texts = (mark: string) => ({
  description: `${mark} bill`,
  payer: { name: `${mark} Paraudziņa` },
  metadata: { mark },
})

/** What they have: a payment that was paid and goes back in part, with its events, and one that can still be paid or cancelled. */
const theirsIn = async (hub: TestHub, key: string): Promise<Foreign> => {
  const stage: Stage = { ...hub, api: (method, path, body, more) => hub.api(method, path, body, { ...more, key }) }
  const { order } = await paidThrough(stage, 'sandbox', 'return_lost', texts(MARKS.theirs))
  const refund = await stage.api('POST', `/v1/payments/${order.id}/refunds`, { amount: 1, reason: MARKS.theirs })
  if (refund.status !== 201) throw new Error(JSON.stringify(refund.body))
  const open = await ordered(stage, texts(MARKS.theirs))
  await hub.settle()
  const { body } = await stage.api('GET', '/v1/events')
  const [event] = body.events
  if (!event) throw new Error('nothing was told of their payment')
  return { key, paid: order.id, open: open.id, refund: refund.body.id, event: event.id }
}

/** Which banks pay into which of our accounts. */
const OFFERS = [
  { payee: undefined, offers: ['sandbox', 'swedbank-lv', 'seb-lv'] },
  { payee: 'swedbank', offers: ['sandbox', 'swedbank-lv'] },
  { payee: 'seb', offers: ['seb-lv'] },
]

let made = 0
/** Every field that there was when this was written; what is left out is undefined, so that it is not made of the document. */
const ordersFor =
  (hub: TestHub): ApiWorld['orderOf'] =>
  (chance) => {
    const { payee, offers } = pickOf(chance, OFFERS) ?? {}
    const optional = {
      payer: {
        name: `${MARKS.ours} Paraudziņa`,
        email: 'anna@example.org',
        personalCode: '320000-00000',
        registrationNumber: '90999900005',
      },
      paymentReference: 'RF18539007547034',
      language: 'lv',
      channel: offers?.[0],
      channels: offers,
      expiresAt: toRfc3339(hub.clock.now() + DAY_MS),
      attempts: 'many',
      metadata: { mark: MARKS.ours, empty: '' },
    }
    const some = Object.entries(optional).map(([name, value]) => [name, chance.happens(0.3) ? value : undefined])
    return {
      reference: `${MARKS.ours}-${++made}`,
      amount: chance.between(100, 50_000),
      currency: 'EUR',
      description: chance.pick<unknown>(`${MARKS.ours} Ā & <b>`, {
        lv: `${MARKS.ours} nodoklis`,
        en: `${MARKS.ours} tax`,
      }),
      returnUrl: `${hub.shopRoot}/back?a=1&b=%20`,
      payee,
      ...Object.fromEntries(some),
    }
  }

type Means = Pick<ApiWorld, 'known' | 'orderOf'> & {
  readonly key: string
  readonly foreign: readonly Foreign[]
}

const unknown = (what: string): never => {
  throw new Error(`say which id ${what} is asked with`)
}

/** What no document tells: ids of things that there are, and orders that fit the e-service. All else is made of the document. */
const draft = (document: ApiDocument, operation: ApiOperation, chance: Chance, means: Means): Draft => {
  const { operationId, parameters } = operation
  const texts = parameters.flatMap((parameter) => {
    const given = parameter.in === 'path' || parameter.required || chance.happens(0.5)
    return given ? [[parameter, textFor(document, operation, parameter, chance, means)] as const] : []
  })
  const inPlace = (wanted: ApiParameter['in']) =>
    texts.flatMap(([{ in: place, name }, text]) => (place === wanted ? [[name, text] as const] : []))
  const segments = new Map(inPlace('path'))
  const payment = means.known.refunds.find(([, refund]) => refund === segments.get('refund'))?.[0]
  if (payment !== undefined) segments.set('id', payment)
  const json = bodyFor(document, operation, chance, means, segments.get('id') ?? '')
  return {
    segments,
    query: inPlace('query').map(([name, text]) => [name, encodeURIComponent(text)]),
    headers: [
      ['authorization', `Bearer ${means.key}`],
      ...inPlace('header'),
      ...(json === undefined ? [] : [['content-type', 'application/json'] as const]),
    ],
    json,
    bytes: undefined,
    caller: 'ours',
    refused: undefined,
    owner: segments.has('id') ? 'ours' : undefined,
    foreign: pickOf(chance, means.foreign) ?? unknown(`another e-service for ${operationId}`),
  }
}

const bodyFor = (
  { shapes }: ApiDocument,
  operation: ApiOperation,
  chance: Chance,
  { orderOf, known: { attempts } }: Means,
  id: string,
): unknown => {
  const schema = bodySchemaOf(operation)
  if (!schema) return undefined
  const whole: Readonly<Record<string, () => Readonly<Record<string, unknown>>>> = {
    createPayment: () => orderOf(chance),
    // Without a mark: by another e-service's key it goes to a payment of theirs, and is theirs then.
    refundPayment: () => ({
      amount: 1,
      attempt: chance.happens(0.5) ? attempts.get(id) : undefined,
      reason: 'Too much',
    }),
  }
  const known = whole[operation.operationId]?.() ?? {}
  return { ...Object(allowedOf(shapes, without(resolved(shapes, schema), known), chance)), ...known }
}

const without = ({ properties = {}, required = [], ...rest }: Schema, known: object): Schema => {
  const isOther = (name: string): boolean => !Object.hasOwn(known, name)
  const others = Object.entries(properties).filter(([name]) => isOther(name))
  return { ...rest, properties: Object.fromEntries(others), required: required.filter(isOther) }
}

const textFor = (
  { shapes }: ApiDocument,
  { operationId }: ApiOperation,
  { name, in: place, schema }: ApiParameter,
  chance: Chance,
  { known }: Means,
): string => {
  if (known.open.length > OPEN) known.open.splice(0, known.open.length - OPEN)
  const of = (list: readonly string[]): string => pickOf(chance, list) ?? unknown(operationId)
  // Asked for when it is wanted: what was taken to be cancelled is gone.
  const texts: Readonly<Record<string, () => string>> = {
    'getPayment id': () => of([...known.open, ...known.paid]),
    'cancelPayment id': () => known.open.shift() ?? of(known.paid),
    'refundPayment id': () => of(known.paid),
    'getRefund id': () => of(known.paid),
    'getRefund refund': () => of(known.refunds.map(([, refund]) => refund)),
    'getReceipt id': () => of(known.paid),
    'redeliverEvent id': () => of(known.events),
    // Long pages would only take long.
    'listPayments limit': () => String(chance.between(1, 20)),
    'listPayments after': () => known.cursors.payments,
    'listEvents limit': () => String(chance.between(1, 50)),
    'listEvents after': () => known.cursors.events,
    'listChannels payee': () => of(OFFERS.flatMap(({ payee }) => payee ?? [])),
  }
  const text = texts[`${operationId} ${name}`]?.()
  if (text !== undefined) return text
  if (place === 'path') return unknown(`${operationId} ${name}`)
  // New for each request.
  return name === 'idempotency-key'
    ? `${++made}-${chance.between(0, 2 ** 40)}`
    : String(allowedOf(shapes, schema, chance))
}
