import { DAY_MS, toRfc3339 } from '../../../src/kernel/time.ts'
import { startTestHub, type TestHub } from '../../support/hub.ts'
import { ordered, paidThrough, type Stage } from '../../support/story.ts'
import { type Chance, chanceFrom } from '../../torture/chance.ts'
import { type Ledger, openLedger } from '../ledger.ts'
import type { ApiOperation } from './document.ts'
import { type OrderKeys, orderKeys } from './order-keys.ts'
import type { Draft, Foreign } from './spoil.ts'

/** A hub with our e-service, whose key the cases use, and others, of whom nothing may ever be seen. */
export type ApiWorld = {
  readonly hub: TestHub
  readonly ledger: Ledger
  readonly keys: OrderKeys
  /** A request that the hub takes. */
  draftOf(operation: ApiOperation, chance: Chance): Draft
  /** An order that the hub takes. */
  orderOf(chance: Chance): Readonly<Record<string, unknown>>
  /** What later cases are about: payments that can still be cancelled, those that were paid, their events and refunds. */
  readonly known: {
    readonly open: string[]
    readonly paid: string[]
    readonly events: string[]
    readonly refunds: [string, string][]
    readonly tokens: string[]
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
  const known: ApiWorld['known'] = { open: [], paid: [], events: [], refunds: [], tokens: [] }
  for (let left = PAID; left > 0; left--)
    known.paid.push((await paidThrough(hub, 'sandbox', 'return_lost', texts(MARKS.ours))).order.id)
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
    draftOf: (operation, chance) => draft(operation, chance, { key, foreign, known, orderOf, now: hub.clock.now() }),
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

let made = 0
const ordersFor =
  (hub: TestHub): ApiWorld['orderOf'] =>
  (chance) => {
    const all = {
      payer: { name: `${MARKS.ours} Paraudziņa`, email: 'anna@example.org', personalCode: '320000-00000' },
      paymentReference: 'RF18539007547034',
      language: 'lv',
      channels: ['liepkalni-sandbox', 'liepkalni-seb'],
      expiresAt: toRfc3339(hub.clock.now() + DAY_MS),
      attempts: 'many',
      metadata: { mark: MARKS.ours, empty: '' },
    }
    const some = Object.fromEntries(Object.entries(all).filter(([name]) => name !== 'channels' && chance.happens(0.3)))
    return {
      reference: `${MARKS.ours}-${++made}`,
      amount: chance.between(100, 50_000),
      currency: 'EUR',
      description: chance.pick<unknown>(`${MARKS.ours} Ā & <b>`, {
        lv: `${MARKS.ours} nodoklis`,
        en: `${MARKS.ours} tax`,
      }),
      returnUrl: `${hub.shopRoot}/back?a=1&b=%20`,
      ...some,
    }
  }

type Means = Pick<ApiWorld, 'known' | 'orderOf'> & {
  readonly key: string
  readonly foreign: readonly Foreign[]
  readonly now: number
}

const unknown = (operationId: string): never => {
  throw new Error(`say which id ${operationId} is asked with`)
}

const draft = (operation: ApiOperation, chance: Chance, { key, foreign, known, orderOf, now }: Means): Draft => {
  const { operationId, method, path, requestBody } = operation
  const of = <Value>(list: readonly Value[]) => list[chance.between(0, list.length - 1)]
  const [paid = '', refund = ''] = of(known.refunds) ?? []
  // Asked for when it is wanted: what was taken to be cancelled is gone.
  const ids: Readonly<Record<string, () => string | undefined>> = {
    getPayment: () => of([...known.open, ...known.paid]),
    cancelPayment: () => known.open.shift() ?? of(known.paid),
    refundPayment: () => of(known.paid),
    getRefund: () => paid,
    getReceipt: () => of(known.paid),
    redeliverEvent: () => of(known.events),
  }
  if (known.open.length > OPEN) known.open.splice(0, known.open.length - OPEN)
  const query: Readonly<Record<string, Draft['query']>> = {
    listPayments: [
      ['limit', String(chance.between(1, 20))],
      ['status', 'open'],
      ['from', toRfc3339(now - DAY_MS)],
    ],
    listChannels: [
      ['amount', '1000'],
      ['currency', 'EUR'],
      ['language', 'lv'],
    ],
    listEvents: [['limit', String(chance.between(1, 50))]],
    getReceipt: [['language', 'lv']],
  }
  // Without a mark: by another e-service's key it goes to a payment of theirs, and is theirs then.
  const json =
    operationId === 'createPayment' ? orderOf(chance) : requestBody ? { amount: 1, reason: 'Too much' } : undefined
  return {
    segments: new Map([
      ...(path.includes('{id}') ? [['id', ids[operationId]?.() ?? unknown(operationId)] as const] : []),
      ...(path.includes('{refund}') ? [['refund', refund] as const] : []),
    ]),
    query: (query[operationId] ?? []).filter(() => chance.happens(0.7)),
    headers: [
      ['authorization', `Bearer ${key}`],
      ...(method === 'POST' ? [['idempotency-key', `${made}-${chance.between(0, 2 ** 40)}`] as const] : []),
      ...(json ? [['content-type', 'application/json'] as const] : []),
    ],
    json,
    bytes: undefined,
    caller: 'ours',
    refused: undefined,
    owner: path.includes('{id}') ? 'ours' : undefined,
    foreign: of(foreign) ?? unknown('another e-service'),
  }
}
