import { OpenAPIHono, type RouteConfig } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { Caller } from '../merchants/index.ts'
import { rateLimiter } from '../platform/http/limits.ts'
import { type Problem, problemResponse } from '../platform/http/problem.ts'
import { EVENT_ROUTES, listEvents, redeliverEvent } from './api-events.ts'
import { NOTICE } from './api-notices.ts'
import { listOffers, OFFER_ROUTES } from './api-offers.ts'
import { cancelPayment, createPayment, getPayment, listOwn, PAYMENT_ROUTES } from './api-payments.ts'
import { getRefund, makeRefund, REFUND_ROUTES } from './api-refunds.ts'
import type { Hub } from './hub.ts'
import { getReceipt, RECEIPT_ROUTES } from './receipts/api.ts'
import { callerOf } from './requests.ts'
import type { Tokens } from './tokens.ts'

/** Twice what the fastest e-service is meant to order; a loop that asks again and again is told to wait. Per API key and node. */
const RATE = { perSecond: 1_000, burst: 2_000 }

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
  add(PAYMENT_ROUTES.create, (c, caller) => createPayment(hub, c, caller))
  add(PAYMENT_ROUTES.list, (c, caller) => listOwn(hub, c, caller))
  add(PAYMENT_ROUTES.get, (c, caller) => getPayment(hub, c, caller))
  add(PAYMENT_ROUTES.cancel, (c, caller) => cancelPayment(hub, c, caller))
  add(REFUND_ROUTES.refund, (c, caller) => makeRefund(hub, c, caller))
  add(REFUND_ROUTES.getRefund, (c, caller) => getRefund(hub, c, caller))
  add(RECEIPT_ROUTES.receipt, (c, caller) => getReceipt(hub, tokens, c, caller))
  add(OFFER_ROUTES.channels, (c, caller) => listOffers(hub, c, caller))
  add(EVENT_ROUTES.events, (c, caller) => listEvents(hub, c, caller))
  const oneByOne = inTurn()
  add(EVENT_ROUTES.redeliver, (c, caller) => oneByOne(() => redeliverEvent(hub, c, caller)))
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
