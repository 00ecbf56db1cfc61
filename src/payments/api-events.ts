import { createRoute, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { toRfc3339 } from '../kernel/time.ts'
import type { Caller } from '../merchants/index.ts'
import { problemResponse } from '../platform/http/problem.ts'
import { isEventId } from './commands.ts'
import type { Hub } from './hub.ts'
import { type Answered, once, respond } from './requests.ts'
import {
  BAD_CURSOR,
  isProblem,
  json,
  key,
  NOT_FOUND,
  posted,
  problem,
  queryOf,
  security,
  tags,
  usual,
} from './routes.ts'
import * as shapes from './schemas.ts'

/** Events through the API: for who missed a notice. */

const event = z.object({
  id: z
    .string()
    .regex(/^evt_[0-9a-z]{26}$/)
    .describe('The event’s id, evt_….')
    .openapi({ param: { name: 'id', in: 'path' } }),
})

const EventsPage = z.object({
  events: z.array(shapes.EventView).describe('Each payment’s in order.'),
  cursor: z.string().describe('To be kept, and given as after next time.'),
  more: z.boolean().describe('More is there already.'),
})

export const EVENT_ROUTES = {
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
        limit: shapes.inDigits(1, 200).default(100).describe('At most so many.'),
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

export const listEvents = async (hub: Hub, c: Context, { eService }: Caller): Promise<Response> => {
  const query = queryOf(EVENT_ROUTES.events.request.query, c)
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

export const redeliverEvent = async (hub: Hub, c: Context, caller: Caller): Promise<Response> => {
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
