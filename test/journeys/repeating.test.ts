import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DAY_MS } from '../../src/kernel/time.ts'
import { statement } from '../../src/platform/db/db.ts'
import { type Node, startTestHub, type TestHub } from '../support/hub.ts'
import { orderBody, ordered } from '../support/story.ts'
import { execute } from '../support/test-server.ts'

/** The IETF Idempotency-Key draft, as payments.md promises it: one key and body, one effect, one answer. */

let hub: TestHub
let second: Node
beforeAll(async () => {
  hub = await startTestHub()
  second = await hub.beside()
})
afterAll(async () => {
  await second.stop()
  await hub.stop()
})

let keys = 0
const newKey = (): string => `order-${++keys}`

/** The answer to the byte. */
const post = async (path: string, body: unknown, idempotencyKey: string, root = hub.root) => {
  const { key } = await apiKey()
  const answer = await fetch(root + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', 'idempotency-key': idempotencyKey },
    body: JSON.stringify(body),
  })
  const { status, headers } = answer
  const replayed = headers.get('idempotent-replayed')
  return { status, type: headers.get('content-type'), replayed, text: await answer.text() }
}
let known: ReturnType<TestHub['keyOf']> | undefined
const apiKey = () => {
  known ??= hub.keyOf('property-tax')
  return known
}
const create = (body: unknown, key: string, root?: string) => post('/v1/payments', body, key, root)
const count = async (reference: string): Promise<number> =>
  (await hub.api('GET', `/v1/payments?reference=${reference}`)).body.payments.length

describe('the same key with the same body', () => {
  it('gives the same answer to the byte, though the payment has moved on', async () => {
    const [body, key] = [orderBody(hub), newKey()]
    const first = await create(body, key)
    expect([first.status, first.replayed]).toEqual([201, null])
    await hub.api('POST', `/v1/payments/${JSON.parse(first.text).id}/cancel`)
    expect(await create(body, key)).toEqual({ ...first, replayed: 'true' })
    expect(await count(body.reference)).toBe(1)
  })

  it('gives it after a restart, and from every node', async () => {
    const [body, key] = [orderBody(hub), newKey()]
    const first = await create(body, key)
    const restarted = await hub.beside()
    expect(await create(body, key, restarted.root)).toEqual({ ...first, replayed: 'true' })
    await restarted.stop()
  })

  it('gives a refusal of the fields again, though the order would be right by now', async () => {
    const [body, key] = [orderBody(hub, { channel: 'sandbox', returnUrl: 'https://new.example/back' }), newKey()]
    const refused = await create(body, key)
    expect(refused).toMatchObject({ status: 422, type: 'application/problem+json' })
    await hub.apply((text) => text.replace(`["${hub.shopRoot}"]`, `["${hub.shopRoot}", "https://new.example"]`))
    expect(await create(body, key)).toEqual({ ...refused, replayed: 'true' })
    expect((await create(body, newKey())).status).toBe(201)
  })

  it('cancels once', async () => {
    const { id } = await ordered(hub)
    const key = newKey()
    const first = await post(`/v1/payments/${id}/cancel`, {}, key)
    expect(first.status).toBe(200)
    expect(await post(`/v1/payments/${id}/cancel`, {}, key)).toEqual({ ...first, replayed: 'true' })
    expect((await post(`/v1/payments/${id}/cancel`, {}, newKey())).status).toBe(409)
  })

  it('is forgotten after a month', async () => {
    const [body, key] = [orderBody(hub, { expiresAt: '2020-01-01T00:00:00Z' }), newKey()]
    const first = await create(body, key)
    expect(first.status).toBe(422)
    await hub.composed.work()
    await hub.clock.advance(30 * DAY_MS)
    expect((await create(body, key)).replayed).toBe('true')
    await hub.clock.advance(2 * DAY_MS)
    expect((await create(body, key)).replayed).toBeNull()
  })
})

describe('the same key', () => {
  it('with another body is refused and does nothing', async () => {
    const [body, key] = [orderBody(hub), newKey()]
    const first = await create(body, key)
    const other = await create({ ...body, amount: 1 }, key)
    expect(other.status).toBe(422)
    expect(JSON.parse(other.text)).toMatchObject({ code: 'idempotency_key_reused' })
    expect(await create(body, key)).toMatchObject({ text: first.text })
  })

  it('means another request at another address and for another e-service', async () => {
    const key = newKey()
    const body = orderBody(hub)
    const { id } = JSON.parse((await create(body, key)).text)
    expect(await post(`/v1/payments/${id}/cancel`, {}, key)).toMatchObject({ status: 200, replayed: null })
    const stranger = await hub.keyOf('kindergarten')
    const theirs = await hub.api('POST', '/v1/payments', body, { key: stranger.key, idempotencyKey: key })
    expect(theirs.status).toBe(201)
    expect(theirs.body.id).not.toBe(id)
  })

  it('is answered 409 while the first request is running, and by its answer after', async () => {
    const [body, key] = [orderBody(hub), newKey()]
    const claim = ['liepkalni', 'property-tax', 'POST /v1/payments', key].join('/')
    const hold = statement('test.hold', 'select pg_advisory_xact_lock(hashtextextended($1, 0))')
    const meanwhile = await hub.database.db.tx(async (tx) => {
      await tx.query(hold, [claim])
      return create(body, key, second.root)
    })
    expect(meanwhile.status).toBe(409)
    expect(JSON.parse(meanwhile.text)).toMatchObject({ code: 'request_in_progress' })
    expect((await create(body, key)).status).toBe(201)
  })

  it('is free again after a 409, which is not kept', async () => {
    const holder = await ordered(hub)
    const [body, key] = [orderBody(hub, { reference: holder.reference }), newKey()]
    expect((await create(body, key)).status).toBe(409)
    await hub.api('POST', `/v1/payments/${holder.id}/cancel`)
    expect((await create(body, key)).status).toBe(201)
  })
})

describe('a hundred equal requests at once, over two nodes', () => {
  const atOnce = (send: (turn: number, root: string) => ReturnType<typeof create>) =>
    Promise.all(Array.from({ length: 100 }, (_, turn) => send(turn, turn % 2 === 0 ? hub.root : second.root)))

  it('with one key make one payment: each is told of it, or that it is being made', async () => {
    const [body, key] = [orderBody(hub), newKey()]
    const answers = await atOnce((_, root) => create(body, key, root))
    const made = answers.filter(({ status }) => status === 201)
    expect(new Set(made.map(({ text }) => text)).size).toBe(1)
    expect(made.filter(({ replayed }) => replayed === null).length).toBe(1)
    const others = answers.filter(({ status }) => status !== 201)
    expect(new Set(others.map(({ text }) => JSON.parse(text).code))).toEqual(
      new Set(others.length > 0 ? ['request_in_progress'] : []),
    )
    expect(await count(body.reference)).toBe(1)
  })

  it('with a key each make one payment: the others are told which', async () => {
    const body = orderBody(hub)
    const answers = await atOnce((_, root) => create(body, newKey(), root))
    const made = answers.filter(({ status }) => status === 201)
    expect(made.length).toBe(1)
    const { id } = JSON.parse(made[0]?.text ?? '{}')
    const others = answers.filter(({ status }) => status === 409).map(({ text }) => JSON.parse(text))
    expect(others.length).toBe(99)
    expect(others.every(({ code, payment }) => code === 'reference_in_use' && payment === id)).toBe(true)
    expect(await count(body.reference)).toBe(1)
  })
})

describe('more orders at once than the hub has connections', () => {
  it('are all taken, though the configuration changes while they wait', async () => {
    const { db, url } = hub.database
    const changed = new Promise<void>((resolve) => void db.listen('merchants_changed', resolve))
    const holdKeys = statement('test.hold-keys', 'lock table payments.idempotency in access exclusive mode')
    const waiting =
      'select 1 from pg_locks join pg_database on oid = database where datname = current_database() and not granted'
    const allWait = async () => (await execute(url, waiting)).length
    const answers = await second.composed.hub.db.tx(async (tx) => {
      await tx.query(holdKeys)
      const orders = Promise.all(Array.from({ length: 24 }, () => create(orderBody(hub), newKey())))
      await expect.poll(allWait, { timeout: 10_000 }).toBe(8)
      const change = { eService: 'property-tax', name: 'changes it', scopes: [], now: hub.clock.now() }
      await second.composed.merchants.createApiKey(change)
      await changed
      return { orders }
    })
    expect((await answers.orders).map(({ status }) => status)).toEqual(Array(24).fill(201))
  })
})
