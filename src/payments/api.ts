import { createRoute, OpenAPIHono, type RouteConfig, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { inLanguage } from '../kernel/language.ts'
import { type Instant, parseInstant, toRfc3339 } from '../kernel/time.ts'
import { type Caller, offersFor } from '../merchants/index.ts'
import { fieldMessage } from '../platform/http/field-message.ts'
import { rateLimiter } from '../platform/http/limits.ts'
import { invalidFields, type Problem, problemResponse } from '../platform/http/problem.ts'
import { during, traceparentOf } from '../platform/traces.ts'
import { NOTICE } from './api-notices.ts'
import { getRefund, makeRefund, REFUND_ROUTES } from './api-refunds.ts'
import { checkPayee, decideOn, isEventId, isPaymentId, type OrderRefusal, placeOrder } from './commands.ts'
import type { PaymentState } from './facts.ts'
import type { Hub } from './hub.ts'
import { stateOf } from './payment.ts'
import { getReceipt, RECEIPT_ROUTES } from './receipts/api.ts'
import { type Answered, callerOf, once, respond } from './requests.ts'
import { json, key, NOT_FOUND, ownPayment, payment, posted, problem, security, tags, usual } from './routes.ts'
import * as shapes from './schemas.ts'
import { listPayments, type PaymentRow } from './store/index.ts'
import type { Tokens } from './tokens.ts'
import { viewOf } from './view.ts'

/** Twice what the fastest e-service is meant to order; a loop that asks again and again is told to wait. Per API key and node. */
const RATE = { perSecond: 1_000, burst: 2_000 }

const event = z.object({
  id: z
    .string()
    .max(60)
    .describe('The event’s id, evt_….')
    .openapi({ param: { name: 'id', in: 'path' } }),
})

const PaymentsPage = z.object({
  payments: z.array(shapes.PaymentView).describe('Newest first.'),
  next: z.string().nullable().describe('Cursor of the next page; null: this is the last one.'),
})

const EventsPage = z.object({
  events: z.array(shapes.EventView).describe('Each payment’s in order.'),
  cursor: z.string().describe('To be kept, and given as after next time.'),
  more: z.boolean().describe('More is there already.'),
})

const SIGNED_ORDER =
  'Or without an API key: post the payer’s browser to `/pay` with one form field `order`, a compact JWS (EdDSA, ES256 or RS256) of this ' +
  'same body with `iss` (the e-service’s id), `aud` (the hub’s address), `iat`, `exp` (at most 15 minutes later) and `jti` (new for each ' +
  'order). Register the public key as `orderKeys` of the e-service in `cma.yaml`. A repeated or equal order leads to the same payment.'

export const ROUTES = {
  create: createRoute({
    method: 'post',
    path: '/v1/payments',
    operationId: 'createPayment',
    summary: 'Order a payment',
    description: SIGNED_ORDER,
    tags,
    security,
    request: { headers: key, body: { required: true, content: { 'application/json': { schema: shapes.NewPayment } } } },
    responses: { 201: json('The payment; send the payer to payUrl.', shapes.WholePayment), ...posted, ...usual },
  }),
  list: createRoute({
    method: 'get',
    path: '/v1/payments',
    operationId: 'listPayments',
    summary: 'List payments, newest first',
    tags,
    security,
    request: { query: shapes.ListQuery },
    responses: {
      200: json('A page.', PaymentsPage),
      422: problem('A parameter is wrong.'),
      ...usual,
    },
  }),
  get: createRoute({
    method: 'get',
    path: '/v1/payments/{id}',
    operationId: 'getPayment',
    summary: 'The truth about a payment',
    tags,
    security,
    request: { params: payment },
    responses: { 200: json('The payment.', shapes.WholePayment), 404: problem('No such payment.'), ...usual },
  }),
  cancel: createRoute({
    method: 'post',
    path: '/v1/payments/{id}/cancel',
    operationId: 'cancelPayment',
    summary: 'Cancel a payment',
    tags,
    security,
    request: { params: payment, headers: key },
    responses: {
      200: json('Cancelled.', shapes.PaymentView),
      202: json('Closing: a bank may still take the money; it ends by itself.', shapes.PaymentView),
      404: problem('No such payment.'),
      ...posted,
      ...usual,
    },
  }),
  channels: createRoute({
    method: 'get',
    path: '/v1/channels',
    operationId: 'listChannels',
    summary: 'What this e-service may offer on its own page',
    tags,
    security,
    request: {
      query: z.object({
        amount: z.coerce
          .number()
          .pipe(shapes.Amount)
          .optional()
          .describe('Only what takes this amount. Integer minor units.'),
        currency: z
          .string()
          .regex(/^[A-Z]{3}$/)
          .optional()
          .describe('Only what takes this currency.'),
        language: z
          .string()
          .regex(/^[a-z]{2}$/)
          .optional()
          .describe('In which the offers are named: ISO 639-1.'),
        payee: z
          .string()
          .max(60)
          .optional()
          .openapi({ description: 'Only what pays into this account of the merchant’s, as an order with that payee.' }),
      }),
    },
    responses: {
      200: json(
        'Offers, in the merchant’s order.',
        z.object({ offers: z.array(shapes.OfferView).describe('What the payer may choose.') }),
      ),
      422: problem('A parameter is wrong.'),
      ...usual,
    },
  }),
  events: createRoute({
    method: 'get',
    path: '/v1/events',
    operationId: 'listEvents',
    summary: 'Every event of this e-service once, each payment’s in order',
    tags,
    security,
    request: {
      query: z.object({
        after: z.string().max(200).optional().describe('The cursor of the page before. Absent: from the first event.'),
        limit: z.coerce.number().int().min(1).max(200).default(100).describe('At most so many.'),
      }),
    },
    responses: {
      200: json('A page; ask again with the cursor.', EventsPage),
      422: problem('The cursor is not one of ours.'),
      ...usual,
    },
  }),
  redeliver: createRoute({
    method: 'post',
    path: '/v1/events/{id}/redeliver',
    operationId: 'redeliverEvent',
    summary: 'Send a notice again',
    tags,
    security,
    request: { params: event, headers: key },
    responses: {
      202: json('Queued.', z.object({ queued: z.literal(true).describe('It is sent as soon as its turn comes.') })),
      404: problem('No such event.'),
      ...posted,
      ...usual,
    },
  }),
} as const

type Handler = (c: Context, caller: Caller) => Promise<Response>

/** The JSON edge. Handlers validate with the very schemas the document is made of. */
export const paymentsApi = (hub: Hub, tokens: Tokens): OpenAPIHono => {
  const app = new OpenAPIHono()
  const limiter = rateLimiter(RATE, hub.clock)
  app.openAPIRegistry.registerComponent('securitySchemes', 'bearer', { type: 'http', scheme: 'bearer' })
  app.openAPIRegistry.registerWebhook(NOTICE)
  const add = (route: RouteConfig, handler: Handler) => {
    app.openAPIRegistry.registerPath(route)
    app.on(route.method.toUpperCase(), route.path.replaceAll(/\{(\w+)\}/g, ':$1'), async (c) => {
      const caller = await callerOf(hub, c)
      if ('status' in caller) return problemResponse(caller)
      const waitSeconds = limiter.take(caller.keyId)
      return waitSeconds > 0 ? problemResponse(tooMany(waitSeconds)) : handler(c, caller)
    })
  }
  add(ROUTES.create, (c, caller) => create(hub, c, caller))
  add(ROUTES.list, (c, caller) => list(hub, c, caller))
  add(ROUTES.get, async (c, caller) => {
    const loaded = await ownPayment(hub, c, caller)
    return loaded
      ? respond({ status: 200, body: await wholeOf(hub, caller, loaded.row, stateOf(loaded.facts)) })
      : problemResponse(NOT_FOUND)
  })
  add(ROUTES.cancel, (c, caller) => cancel(hub, c, caller))
  add(REFUND_ROUTES.refund, (c, caller) => makeRefund(hub, c, caller))
  add(REFUND_ROUTES.getRefund, (c, caller) => getRefund(hub, c, caller))
  add(RECEIPT_ROUTES.receipt, (c, caller) => getReceipt(hub, tokens, c, caller))
  add(ROUTES.channels, (c, caller) => channels(hub, c, caller))
  add(ROUTES.events, (c, caller) => events(hub, c, caller))
  const oneByOne = inTurn()
  add(ROUTES.redeliver, (c, caller) => oneByOne(() => redeliver(hub, c, caller)))
  return app
}

/** For work that asks for a second connection while it holds one: many at once would hold them all and wait for each other. */
const inTurn = () => {
  let before: Promise<unknown> = Promise.resolve()
  return <Value>(work: () => Promise<Value>): Promise<Value> => {
    const turn = before.then(work)
    before = turn.catch(() => undefined)
    return turn
  }
}

const tooMany = (waitSeconds: number): Problem => ({
  status: 429,
  code: 'too_many_requests',
  title: 'Too many requests',
  detail:
    'Wait as long as Retry-After says. Notices and GET /v1/events tell you of changes without asking again and again.',
  headers: { 'retry-after': String(waitSeconds) },
})

const create = async (hub: Hub, c: Context, caller: Caller): Promise<Response> => {
  // Read before the transaction: requests that hold a connection and wait for another one can bring each other to a standstill.
  const directory = await hub.merchants.directory()
  // An e-service is known by its key: its trace goes on here.
  const parent = traceparentOf(c.req.header('traceparent'))
  const about = { 'ebizness.e_service': caller.eService.id }
  const take = (traceparent: string | undefined) =>
    once(hub, c, caller, shapes.NewPayment, async (tx, body, now): Promise<Answered> => {
      const placed = await placeOrder(hub, tx, { directory, eService: caller.eService, order: body, now, traceparent })
      if (!placed.ok) return { problem: orderProblem(placed.error) }
      return { status: 201, body: wholeView(hub, caller, placed.value.row, placed.value.state, []) }
    })
  const span = hub.traces.begin('payment.create', { kind: 'server', parent, about })
  return during(span, take, ({ status }) => ({ 'http.response.status_code': status }))
}

const orderProblem = (refusal: OrderRefusal): Problem => {
  if (refusal.code === 'reference_in_use') {
    return {
      status: 409,
      code: refusal.code,
      title: 'Another payment has this reference',
      detail:
        'A payment with this reference is executed or can still be. Use that one, cancel it first, or give another reference.',
      more: { payment: refusal.payment },
    }
  }
  const errors = [{ path: refusal.path, message: refusal.detail }]
  return { status: 422, code: refusal.code, title: 'The order cannot be taken', detail: refusal.detail, errors }
}

const cancel = async (hub: Hub, c: Context, caller: Caller): Promise<Response> => {
  const id = c.req.param('id') ?? ''
  if (!isPaymentId(id)) return problemResponse(NOT_FOUND)
  return once(hub, c, caller, z.strictObject({}), async (tx): Promise<Answered> => {
    const { eService } = caller
    const command = { do: 'close', as: 'cancelled', by: 'e-service' } as const
    const owns = (row: PaymentRow) => row.eService === eService.id
    const done = await decideOn(hub, tx, eService.merchant, id, command, owns)
    if (!done) return { problem: NOT_FOUND }
    if (done.decided.ok) {
      const state = done.decided.value
      return { status: state.final ? 200 : 202, body: viewOf(done.row, state) }
    }
    const { status } = done.now
    const detail = status === 'executed' ? 'It is paid: to give money back, ask for a refund.' : 'It has ended already.'
    return { problem: { status: 409, code: 'already_final', title: `The payment is ${status}`, detail } }
  })
}

type EventLine = { readonly id: string; readonly type: string; readonly sequence: number; readonly at: string }

const wholeView = (hub: Hub, caller: Caller, row: PaymentRow, state: PaymentState, told: readonly EventLine[]) => {
  const mayRead = caller.scopes.includes('payer:read')
  return {
    ...viewOf(row, state),
    payUrl: `${hub.publicUrl}/pay/${row.payToken}`,
    returnUrl: row.details.returnUrl,
    payer: mayRead ? row.details.payer : null,
    payersAtBank: mayRead
      ? state.attempts.flatMap(({ id, payer }) =>
          payer
            ? [{ attempt: id, name: payer.name ?? null, account: payer.account ?? null, bank: payer.bank ?? null }]
            : [],
        )
      : null,
    events: told,
  }
}

const wholeOf = async (hub: Hub, caller: Caller, row: PaymentRow, state: PaymentState) => {
  const told = await hub.notices.ofSubject(row.eService, row.id)
  const lines = told.map(({ id, type, sequence, at }) => ({ id, type, sequence, at: toRfc3339(at) }))
  return wholeView(hub, caller, row, state, lines)
}

const queryOf = <Value>(schema: z.ZodType<Value>, c: Context): Value | Problem => {
  const parsed = schema.safeParse(c.req.query(), { error: fieldMessage })
  return parsed.success ? parsed.data : invalidFields(parsed.error.issues)
}
const isProblem = (value: unknown): value is Problem =>
  typeof value === 'object' && value !== null && 'code' in value && 'detail' in value

const list = async (hub: Hub, c: Context, { eService }: Caller): Promise<Response> => {
  const query = queryOf(shapes.ListQuery, c)
  if (isProblem(query)) return problemResponse(query)
  const before = query.after === undefined ? undefined : readCursor(query.after)
  if (query.after !== undefined && !before) return problemResponse(BAD_CURSOR)
  const found = await listPayments(hub.db, eService.merchant, eService.id, {
    reference: query.reference,
    status: query.status,
    from: query.from === undefined ? undefined : parseInstant(query.from),
    to: query.to === undefined ? undefined : parseInstant(query.to),
    before,
    limit: query.limit + 1,
  })
  const page = found.slice(0, query.limit)
  const last = found.length > query.limit ? page.at(-1) : undefined
  const next = last ? cursorOf(last.row.createdAt, last.row.id) : null
  return respond({ status: 200, body: { payments: page.map(({ row, facts }) => viewOf(row, stateOf(facts))), next } })
}

const BAD_CURSOR: Problem = invalidFields([
  { path: ['after'], message: 'This is not a cursor of ours; leave it out to begin anew.' },
])
const cursorOf = (createdAt: Instant, id: string): string => Buffer.from(`${createdAt} ${id}`).toString('base64url')
const readCursor = (cursor: string) => {
  const match = /^(\d{1,15}) (pay_[0-9a-z]{26})$/.exec(Buffer.from(cursor, 'base64url').toString())
  return match ? { createdAt: Number(match[1]), id: match[2] ?? '' } : undefined
}

const channels = async (hub: Hub, c: Context, { eService }: Caller): Promise<Response> => {
  const query = queryOf(ROUTES.channels.request.query, c)
  if (isProblem(query)) return problemResponse(query)
  const directory = await hub.merchants.directory()
  const unknown = checkPayee(directory, eService, query)
  if (unknown) return problemResponse(orderProblem(unknown))
  const offers = offersFor(directory, hub.channels, {
    eService,
    now: hub.clock.now(),
    ...(query.payee === undefined ? {} : { account: query.payee }),
    ...(query.amount === undefined ? {} : { amountMinor: query.amount }),
    ...(query.currency === undefined ? {} : { currency: query.currency }),
  })
  const language = query.language ?? eService.languages[0] ?? 'en'
  const body = {
    offers: offers.map(hub.health.shown).map((offer) => ({
      id: offer.id,
      name: inLanguage(offer.name, language),
      logo: hub.publicUrl + offer.logo,
      health: offer.health,
      pauseText: offer.pauseText ? inLanguage(offer.pauseText, language) : null,
      minAmount: offer.minMinor ?? null,
      maxAmount: offer.maxMinor ?? null,
      currencies: offer.currencies,
    })),
  }
  return respond({ status: 200, body })
}

const events = async (hub: Hub, c: Context, { eService }: Caller): Promise<Response> => {
  const query = queryOf(ROUTES.events.request.query, c)
  if (isProblem(query)) return problemResponse(query)
  const page = await hub.notices.feed(eService.id, query.after, query.limit)
  if (page === 'bad_cursor') return problemResponse(BAD_CURSOR)
  const { cursor, more } = page
  const list = page.events.map(({ id, type, at, sequence, data }) => ({
    id,
    type,
    timestamp: toRfc3339(at),
    sequence,
    data,
  }))
  return respond({ status: 200, body: { events: list, cursor, more } })
}

const redeliver = async (hub: Hub, c: Context, caller: Caller): Promise<Response> => {
  const id = c.req.param('id') ?? ''
  if (!isEventId(id)) return problemResponse(NOT_FOUND)
  return once(hub, c, caller, z.strictObject({}), async (): Promise<Answered> => {
    const queued = await hub.notices.redeliver(caller.eService.id, id)
    if (queued === 'queued') return { status: 202, body: { queued: true } }
    if (queued === 'unknown_event') return { problem: NOT_FOUND }
    const detail = 'The e-service has no notice address that is in use.'
    return { problem: { status: 409, code: 'no_notice_address', title: 'Nowhere to send it', detail } }
  })
}
