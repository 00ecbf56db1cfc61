import type { Hono } from 'hono'
import { z } from 'zod'
import { DAY_MS, toRfc3339 } from '../kernel/time.ts'
import { MAX_STEP_MS, type MovingClock } from './clock.ts'
import type { Followers } from './followers.ts'

/** The clock for programs. */

const Moved = z.union([
  z.strictObject({ ms: z.int().min(1).max(MAX_STEP_MS) }),
  z.strictObject({ to: z.literal('next') }),
])

const Asked = z.strictObject({
  name: z.string().min(1).max(100),
  turn: z.int().min(0),
  aheadMs: z.number().min(0),
  due: z.array(z.strictObject({ at: z.number(), what: z.string().max(100), about: z.string().max(200) })).max(100),
})

/** What is due that is told at once. */
export const DUE_TOLD = 10

const shown = async (clock: MovingClock): Promise<Response> =>
  Response.json({
    now: toRfc3339(clock.now()),
    aheadMs: clock.aheadMs(),
    due: (await clock.due()).slice(0, DUE_TOLD).map((one) => ({ ...one, at: toRfc3339(one.at) })),
  })

/** Moves to what happens next by itself. False when nothing does that one step may reach. */
export const advanceToNext = async (clock: MovingClock): Promise<boolean> => {
  const next = (await clock.due())[0]
  const ms = next ? Math.max(next.at - clock.now(), 0) : Number.POSITIVE_INFINITY
  if (ms > MAX_STEP_MS) return false
  await clock.advance(ms)
  return true
}

const BAD_MOVE = {
  error: 'bad_move',
  detail: `give { "ms": <milliseconds> }, ahead only and at most ${MAX_STEP_MS} (${MAX_STEP_MS / DAY_MS} days) at once, or { "to": "next" }`,
}
const NOTHING_DUE = {
  error: 'nothing_due',
  detail: `nothing happens by itself within ${MAX_STEP_MS / DAY_MS} days: give { "ms": <milliseconds> } instead`,
}

const Left = z.strictObject({ name: Asked.shape.name })

const BAD_QUESTION = {
  error: 'bad_question',
  detail: 'give { "name", "turn", "aheadMs", "due": [{ "at", "what", "about" }] }',
}
const TOO_MANY = { error: 'too_many', detail: 'too many hubs follow this clock' }

export const addClockApi = (app: Hono, clock: MovingClock, followers: Followers): void => {
  app.post('/api/clock/follow', async (context) => {
    const asked = Asked.safeParse(await context.req.json().catch(() => undefined)).data
    if (!asked) return Response.json(BAD_QUESTION, { status: 422 })
    const turn = await followers.follow(asked, context.req.raw.signal)
    return turn ? Response.json(turn) : Response.json(TOO_MANY, { status: 429 })
  })
  app.post('/api/clock/leave', async (context) => {
    const left = Left.safeParse(await context.req.json().catch(() => undefined)).data
    if (!left) return Response.json(BAD_QUESTION, { status: 422 })
    followers.leave(left.name)
    return new Response(null, { status: 204 })
  })
  app.get('/api/clock', () => shown(clock))
  app.post('/api/clock/advance', async (context) => {
    const wanted = Moved.safeParse(await context.req.json().catch(() => undefined)).data
    if (!wanted) return Response.json(BAD_MOVE, { status: 422 })
    if ('ms' in wanted) await clock.advance(wanted.ms)
    else if (!(await advanceToNext(clock))) return Response.json(NOTHING_DUE, { status: 409 })
    return shown(clock)
  })
}
