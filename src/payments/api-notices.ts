import { createRoute, z } from '@hono/zod-openapi'
import * as shapes from './schemas.ts'

const DESCRIPTION =
  'Sent when a payment changes, to each address in `notices` of the e-service, by Standard Webhooks 1.0. ' +
  'What it says counts only after its signature is verified over the bytes as they came; `ebizness/sdk` does both. It may come more than once: ' +
  'keep the `sequence` of each payment, and leave out what you have passed. What is not acknowledged is sent again after 5 s, 1 min, 5 min, 30 min, ' +
  '2 h, 5 h, 10 h and then daily, for 30 days; `GET /v1/events` gives at once what was missed.'

const headers = z.object({
  'webhook-id': z.string().describe('The event’s id, evt_…; the same in every repetition.'),
  'webhook-timestamp': z
    .string()
    .describe('When it was sent: seconds since 1970. Leave out what is older than five minutes.'),
  'webhook-signature': z
    .string()
    .describe(
      'Signatures of `id.timestamp.body`, parted by blanks: `v1,` and HMAC-SHA256 with the address’s whsec_, `v1a,` and Ed25519 for its whpk_. One that verifies is enough.',
    ),
})

const { id: _id, ...fields } = shapes.EventView.shape
const Notice = z.object(fields).openapi('Notice', { description: 'The event as it is sent; its id is in the header.' })

/** What the hub calls at the e-service; part of the document, not of the routes. */
export const NOTICE = createRoute({
  method: 'post',
  path: 'notice',
  operationId: 'notice',
  summary: 'Hear what became of a payment',
  description: DESCRIPTION,
  tags: ['notices'],
  security: [],
  request: { headers, body: { required: true, content: { 'application/json': { schema: Notice } } } },
  responses: {
    200: { description: 'Taken; any 2xx is. Answer within 15 seconds, once it is stored.' },
    410: { description: 'Nothing more is sent to this address until it is configured again.' },
    503: { description: 'Or anything else, or nothing: it is sent again; Retry-After is honoured.' },
  },
})
