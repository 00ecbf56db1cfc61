import type { Hono } from 'hono'
import { z } from 'zod'
import type { SimulatorAnswer } from '../channels/simulator.ts'
import { toRfc3339 } from '../kernel/time.ts'
import type { MovingClock } from './clock.ts'
import { addClockApi } from './clock-api.ts'
import type { Followers } from './followers.ts'
import type { Outbox } from './outbox.ts'
import type { ListedOrder } from './pages.ts'
import type { Teller } from './teller.ts'

/** What pages and API work with. */
export type ApiMeans = {
  readonly tellers: readonly Teller[]
  readonly outbox: Outbox
  readonly clock: MovingClock
  readonly followers: Followers
  orders(): readonly ListedOrder[]
  choose(channel: string, order: string, choice: string): Promise<SimulatorAnswer>
}

const Chosen = z.strictObject({ choice: z.string(), channel: z.string().optional() })

export const isChoice = (means: ApiMeans, channel: string, choice: string): boolean =>
  means.tellers.some((one) => one.channel === channel && one.choices.some(({ id }) => id === choice))

const problem = (status: number, error: string, detail: string): Response =>
  Response.json({ error, detail }, { status })

const parsed = async <Value>(request: Request, shape: z.ZodType<Value>): Promise<Value | undefined> => {
  const body: unknown = await request.json().catch(() => undefined)
  return shape.safeParse(body).data
}

/** The tester's decisions for programs: the same as the pages, in JSON. */
export const addApi = (app: Hono, means: ApiMeans): void => {
  app.get('/api/channels', () =>
    Response.json({ channels: means.tellers.map(({ channel, choices }) => ({ channel, choices })) }),
  )
  app.get('/api/orders', () =>
    Response.json({
      orders: means.orders().map(({ decided, madeAt, ...order }) => ({
        ...order,
        madeAt: toRfc3339(madeAt),
        decided: decided?.id ?? null,
      })),
    }),
  )
  app.get('/api/sent', () =>
    Response.json({ sent: means.outbox.sent().map((one) => ({ ...one, at: toRfc3339(one.at) })) }),
  )
  app.post('/api/orders/:order/choose', async (context) => {
    const wanted = await parsed(context.req.raw, Chosen)
    if (!wanted)
      return problem(422, 'bad_choice', 'give { "choice": "<id>" }, with "channel" where two banks use the same id')
    const { order } = context.req.param()
    const found = means.orders().filter((one) => one.id === order && one.channel === (wanted.channel ?? one.channel))
    if (found.length > 1) return problem(409, 'which_bank', 'several banks have this order: name the channel')
    const [one] = found
    if (!one) return problem(404, 'unknown_order', 'no simulated bank has this order')
    if (!isChoice(means, one.channel, wanted.choice)) {
      return problem(422, 'unknown_choice', `GET /api/channels lists the choices of ${one.channel}`)
    }
    return Response.json({ answer: await means.choose(one.channel, order, wanted.choice) })
  })
  addClockApi(app, means.clock, means.followers)
}
