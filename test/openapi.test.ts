import { createConfig, lintFromString } from '@redocly/openapi-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { paymentsApi } from '../src/payments/index.ts'
import { bodySchemaOf, readDocument } from './hostile/api/document.ts'
import { faultsOf } from './hostile/api/fits.ts'
import { type ApiAnswer, startTestHub, type TestHub } from './support/hub.ts'
import { orderBody, ordered, paidThrough } from './support/story.ts'

/** The document that integrators generate their programs from: sound, complete, and true of what is really answered. */

const Content = z.record(z.string(), z.object({ schema: z.record(z.string(), z.unknown()) }))
const Operation = z.object({
  operationId: z.string(),
  summary: z.string(),
  security: z.array(z.record(z.string(), z.array(z.string()))),
  responses: z.record(z.string(), z.object({ description: z.string().min(1), content: Content })),
})
const Webhook = z.object({
  parameters: z.array(z.object({ name: z.string(), in: z.literal('header'), required: z.literal(true) })),
  requestBody: z.object({ content: Content }),
})
const Document = z.object({
  openapi: z.literal('3.1.0'),
  servers: z.array(z.object({ url: z.string() })),
  paths: z.record(z.string(), z.record(z.string(), Operation)),
  webhooks: z.object({ notice: z.object({ post: Webhook }) }),
  components: z.object({ schemas: z.record(z.string(), z.unknown()) }),
})

const Described = z.object({
  operationId: z.string(),
  parameters: z
    .array(z.object({ name: z.string(), schema: z.object({ description: z.string().optional() }) }))
    .default([]),
})

/** What a field says of itself; one that is a shape of its own is told there. */
const told = ([path, field]: readonly [path: string, field: unknown]) => {
  const { $ref, description } = z
    .object({ $ref: z.string().optional(), description: z.string().optional() })
    .parse(field)
  return [path, $ref ?? description] as const
}

/** Every field of every shape within, with what it says of itself. */
const fieldsOf = (part: unknown, above = ''): readonly (readonly [path: string, description: string | undefined])[] => {
  if (typeof part !== 'object' || part === null) return []
  const fields = Object.entries('properties' in part ? (part.properties ?? {}) : {})
  const own = fields.map(([name, field]) => told([`${above}/${name}`, field]))
  return [...own, ...Object.entries(part).flatMap(([name, inner]) => fieldsOf(inner, `${above}/${name}`))]
}

let hub: TestHub
let text: string
let document: z.infer<typeof Document>
beforeAll(async () => {
  hub = await startTestHub()
  text = await (await fetch(`${hub.root}/v1/openapi.json`)).text()
  document = Document.parse(JSON.parse(text))
})
afterAll(() => hub.stop())

const operations = (): readonly string[] =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  )

describe('the document', () => {
  it.each(['/v1/openapi.json', '/docs'])(
    'at %s is sent packed to whoever takes that, and as it is to others',
    async (path) => {
      const take = async (encoding: string) => {
        const answer = await fetch(hub.root + path, { headers: { 'accept-encoding': encoding } })
        const { headers } = answer
        return [await answer.text(), headers.get('content-type'), headers.get('vary'), headers.get('content-encoding')]
      }
      const [plain, packed] = [await take('identity'), await take('br, gzip;q=0.5')]
      expect(plain.slice(1)).toEqual([expect.stringMatching(/json|html/), 'Accept-Encoding', null])
      expect(packed).toEqual([...plain.slice(0, 3), 'gzip'])
    },
  )

  it('passes the recommended rules', async () => {
    const config = await createConfig({ extends: ['recommended'] })
    // Where this hub is reached is not the document's fault.
    const source = text.replace(hub.root, 'https://pay.liepkalni.lv')
    const problems = await lintFromString({ source, absoluteRef: 'openapi.json', config })
    expect(problems.map(({ ruleId, message, location }) => [ruleId, message, location[0]?.pointer])).toEqual([])
  })

  it('holds every route, and no other', () => {
    const routes = paymentsApi(hub.composed.hub, hub.composed.tokens).routes.map(
      ({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, '{$1}')}`,
    )
    expect([...operations()].sort()).toEqual([...routes].sort())
    expect(operations().length).toBeGreaterThanOrEqual(7)
  })

  it('asks for a key at every call, and says what is answered without one', () => {
    for (const methods of Object.values(document.paths))
      for (const { operationId, security, responses } of Object.values(methods)) {
        expect(security, operationId).toEqual([{ bearer: [] }])
        expect(Object.keys(responses), operationId).toEqual(expect.arrayContaining(['401', '429', '503']))
      }
  })

  it('says of every field and parameter what it means', () => {
    const paths = z.record(z.string(), z.record(z.string(), Described)).parse(JSON.parse(text).paths)
    const parameters = Object.values(paths).flatMap((methods) =>
      Object.entries(methods).flatMap(([, { operationId, parameters }]) =>
        parameters.map(({ name, schema }) => [`${operationId} ${name}`, schema.description] as const),
      ),
    )
    const { schemas } = document.components
    const all = [...parameters, ...fieldsOf(document.paths), ...fieldsOf(schemas), ...Object.entries(schemas).map(told)]
    expect(all.length).toBeGreaterThan(150)
    expect(all.filter(([, description]) => !/\w{2}/.test(description ?? '')).map(([path]) => path)).toEqual([])
  })

  it('names this hub', () => {
    expect(document.servers).toEqual([{ url: hub.root }])
  })
})

/** The document's schema, with every object closed: a field that is answered and not documented is a mistake too. */
const closed = (part: unknown): unknown => {
  if (Array.isArray(part)) return part.map(closed)
  if (typeof part !== 'object' || part === null) return part
  const entries = Object.entries(part).map(([name, value]) => [
    name,
    name === '$ref' && typeof value === 'string' ? value.replace('#/components/schemas/', '#/$defs/') : closed(value),
  ])
  return { ...('properties' in part ? { additionalProperties: false } : {}), ...Object.fromEntries(entries) }
}

const schemaOf = (method: string, path: string, status: number, type: string): z.ZodType => {
  const found = document.paths[path]?.[method]?.responses[status]?.content[type]?.schema
  if (!found) throw new Error(`${method} ${path} ${status} ${type} is not documented`)
  const schema = { ...found, $defs: document.components.schemas }
  return z.fromJSONSchema(JSON.parse(JSON.stringify(closed(schema))))
}

const isDocumented = (method: string, path: string, { status, headers, body }: ApiAnswer): void => {
  const type = headers.get('content-type')?.split(';')[0] ?? ''
  const fits = schemaOf(method, path, status, type).safeParse(body)
  expect(fits.error?.issues, `${method} ${path} ${status}: ${JSON.stringify(body)}`).toBeUndefined()
}

describe('what is taken is what is documented', () => {
  const texts = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, n) => [`a${'bcdefghijklmnopqrstuvwxyz'[n]}`, 'x']))

  it.each([
    ['a text of blanks', false, { description: ' ' }],
    ['a text of 140 letters', true, { description: 'ž'.repeat(140) }],
    ['a text of 140 letters and a blank', false, { description: `${'ž'.repeat(140)} ` }],
    ['six languages', true, { description: texts(6) }],
    ['no language', false, { description: {} }],
    ['seven languages', false, { description: texts(7) }],
    ['a language in capital letters', false, { description: { LV: 'x' } }],
    ['20 notes', true, { metadata: texts(20) }],
    ['21 notes', false, { metadata: texts(21) }],
    ['a note without a name', false, { metadata: { '': 'x' } }],
    ['a note with a name of 41 letters', false, { metadata: { ['k'.repeat(41)]: 'x' } }],
  ])('%s: %s', async (_, isTaken, more) => {
    const body = orderBody(hub, more)
    const { shapes, operations: all } = await readDocument(hub.root)
    const schema = all.filter(({ operationId }) => operationId === 'createPayment').map(bodySchemaOf)[0]
    expect(faultsOf(shapes, schema ?? {}, body).length === 0).toBe(isTaken)
    const { status } = await hub.api('POST', '/v1/payments', body)
    expect(status).toBe(isTaken ? 201 : 422)
  })
})

describe('what is answered is what is documented', () => {
  const paid = async () => (await paidThrough(hub, 'sandbox', 'refunded')).order
  const payer = { name: 'Anna Paraudziņa' }

  it('by the calls that do something', async () => {
    const create = '/v1/payments'
    const body = orderBody(hub, { payer, metadata: { a: 'b' } })
    const created = await hub.api('POST', create, body)
    expect(created.status).toBe(201)
    isDocumented('post', create, created)
    isDocumented('post', create, await hub.api('POST', create, body))
    isDocumented('post', create, await hub.api('POST', create, { ...body, amount: 'much' }))
    isDocumented('post', create, await hub.api('POST', create, '{'))
    isDocumented('post', create, await hub.api('POST', create, body, { headers: { 'content-type': 'text/plain' } }))
    isDocumented('post', create, await hub.api('POST', create, `"${'x'.repeat(70_000)}"`))
    isDocumented('post', create, await hub.api('POST', create, body, { key: 'sk_test_nobody' }))
    const cancel = '/v1/payments/{id}/cancel'
    for (const id of [created.body.id, created.body.id, `pay_${'0'.repeat(26)}`])
      isDocumented('post', cancel, await hub.api('POST', cancel.replace('{id}', id)))
  })

  it('by the calls that tell something', async () => {
    const order = await paid()
    await hub.clock.advance(120_000)
    const whole = await hub.api('GET', `/v1/payments/${order.id}`)
    expect(whole.body).toMatchObject({ status: 'executed', refundedAmount: 12_345, payersAtBank: [{}] })
    isDocumented('get', '/v1/payments/{id}', whole)
    isDocumented('get', '/v1/payments/{id}', await hub.api('GET', `/v1/payments/pay_${'0'.repeat(26)}`))
    const receipt = '/v1/payments/{id}/receipt'
    for (const id of [order.id, (await ordered(hub)).id, `pay_${'0'.repeat(26)}`])
      isDocumented('get', receipt, await hub.api('GET', receipt.replace('{id}', id)))
    for (const query of ['?limit=1', '?status=open', '?limit=0', '?after=x'])
      isDocumented('get', '/v1/payments', await hub.api('GET', `/v1/payments${query}`))
    for (const query of ['', '?amount=5', '?amount=0'])
      isDocumented('get', '/v1/channels', await hub.api('GET', `/v1/channels${query}`))
    const feed = await hub.api('GET', '/v1/events')
    expect(feed.body.events.length).toBeGreaterThan(2)
    isDocumented('get', '/v1/events', feed)
    isDocumented('get', '/v1/events', await hub.api('GET', '/v1/events?after=x'))
    const redeliver = '/v1/events/{id}/redeliver'
    for (const id of [feed.body.events[0]?.id ?? '', `evt_${'0'.repeat(26)}`])
      isDocumented('post', redeliver, await hub.api('POST', redeliver.replace('{id}', id)))
  })

  it('by what it tells of itself', async () => {
    const { parameters, requestBody } = document.webhooks.notice.post
    const schema = { ...requestBody.content['application/json']?.schema, $defs: document.components.schemas }
    const documented = z.fromJSONSchema(JSON.parse(JSON.stringify(closed(schema))))
    const { id } = await paid()
    const received = hub.notices.filter(({ notice }) => notice.data.payment.id === id)
    expect(received.length).toBeGreaterThan(1)
    for (const { headers, body } of received) {
      expect(documented.safeParse(JSON.parse(body)).error?.issues, body).toBeUndefined()
      expect(Object.keys(headers)).toEqual(expect.arrayContaining(parameters.map(({ name }) => name)))
    }
    expect(parameters.map(({ name }) => name)).toEqual(['webhook-id', 'webhook-timestamp', 'webhook-signature'])
  })

  it('and a field that is not documented would be found', async () => {
    const { status, headers, body } = await hub.api('GET', '/v1/channels')
    expect(() => isDocumented('get', '/v1/channels', { status, headers, body: { ...body, more: true } })).toThrow(
      'more',
    )
    expect(() => isDocumented('get', '/v1/channels', { status: 418, headers, body })).toThrow('not documented')
  })
})
