import type { ServerResponse } from 'node:http'
import { Webhook } from 'standardwebhooks'
import { describe, expect, it, vi } from 'vitest'
import { answers, type Got, noticesWorld, receiver, type Script } from '../../test/support/notices.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, toRfc3339 } from '../kernel/time.ts'

const world = noticesWorld()
const sequences = (got: readonly Got[]): readonly number[] => got.map(({ sequence }) => sequence)

describe('a notice', () => {
  it('goes out as it was fixed when it happened, signed so that the reference library takes it', async () => {
    const hub = world.open()
    const shop = await receiver(answers(200, {}, 'thank you'))
    await world.setAddresses(hub, [`${shop.url}/notices`])
    const one = world.event('pay_a', 1)
    await world.append(hub, one)
    expect(await hub.drain()).toBe(1)
    const [got] = shop.got
    if (!got) throw new Error('nothing came')
    expect(got.path).toBe('/notices')
    expect(got.headers['content-type']).toBe('application/json')
    const [address] = await hub.addresses('property-tax')
    const body = new Webhook(address?.secret ?? '').verify(got.body, got.headers)
    expect(body).toEqual({ type: 'payment.executed', timestamp: toRfc3339(one.at), sequence: 1, data: one.data })
    expect(await hub.deliveries(one.id)).toEqual([
      { url: `${shop.url}/notices`, at: world.now, status: 200, answer: 'thank you', tookMs: expect.any(Number) },
    ])
    expect(await hub.drain()).toBe(0)
  })

  it('is not sent when its transaction is rolled back', async () => {
    const hub = world.open()
    const shop = await receiver()
    await world.setAddresses(hub, [shop.url])
    const undone = world.db.tx(async (tx) => {
      await hub.append(tx, [world.event('pay_a', 1)])
      throw new Error('changed my mind')
    })
    await expect(undone).rejects.toThrow('changed my mind')
    expect(await hub.drain()).toBe(0)
    expect(shop.got).toEqual([])
  })

  it('keeps its id through every retry, takes the time of each, and ends with the first 2xx', async () => {
    const hub = world.open()
    const shop = await receiver(answers(500))
    await world.setAddresses(hub, [shop.url])
    const one = world.event('pay_a', 1)
    await world.append(hub, one)
    for (const laterMs of [0, 5 * SECOND_MS, MINUTE_MS, 5 * MINUTE_MS]) {
      world.now += laterMs
      expect(await hub.drain()).toBe(1)
      expect(await hub.drain()).toBe(0)
    }
    shop.script = answers(200)
    world.now += 30 * MINUTE_MS
    await hub.drain()
    world.now += 40 * DAY_MS
    await hub.drain()
    expect(shop.got).toHaveLength(5)
    expect(new Set(shop.got.map(({ id, body }) => `${id} ${body}`)).size).toBe(1)
    expect(new Set(shop.got.map(({ headers }) => headers['webhook-timestamp'])).size).toBe(5)
    expect((await hub.deliveries(one.id)).map(({ status }) => status)).toEqual([200, 500, 500, 500, 500])
  })

  it('goes to every address of its e-service, and to no other', async () => {
    const hub = world.open()
    const [one, two, other] = [await receiver(), await receiver(), await receiver()]
    await world.setAddresses(hub, [one.url, two.url])
    await world.setAddresses(hub, [other.url], 'kindergarten')
    await world.append(hub, world.event('pay_a', 1))
    await hub.drain()
    expect([one.got.length, two.got.length, other.got.length]).toEqual([1, 1, 0])
    expect(one.got[0]?.headers['webhook-signature']).not.toBe(two.got[0]?.headers['webhook-signature'])
  })

  it('waits as long as Retry-After says', async () => {
    const hub = world.open()
    const shop = await receiver(answers(503, { 'retry-after': '600' }))
    await world.setAddresses(hub, [shop.url])
    await world.append(hub, world.event('pay_a', 1))
    await hub.drain()
    world.now += 599 * SECOND_MS
    expect(await hub.drain()).toBe(0)
    world.now += SECOND_MS
    expect(await hub.drain()).toBe(1)
  })

  it('keeps 2 kB of the answer, whatever bytes it is made of', async () => {
    const hub = world.open()
    const shop = await receiver(answers(500, {}, `a\0b${'ā'.repeat(50_000)}`))
    await world.setAddresses(hub, [shop.url])
    const one = world.event('pay_a', 1)
    await world.append(hub, one)
    await hub.drain()
    const [delivery] = await hub.deliveries(one.id)
    expect(delivery?.answer).toMatch(/^abā{1022}/)
    expect(Buffer.byteLength(delivery?.answer ?? '')).toBeLessThanOrEqual(2_050)
  })

  it('is written down also when nobody listens', async () => {
    const hub = world.open()
    await world.setAddresses(hub, ['http://127.0.0.1:1/notices', 'http://10.0.0.1/notices'])
    const one = world.event('pay_a', 1)
    await world.append(hub, one)
    await hub.drain()
    const said = (await hub.deliveries(one.id)).map(({ status, answer }) => `${status} ${answer}`)
    expect(said.sort()).toEqual([expect.stringContaining('ECONNREFUSED'), expect.stringContaining('plain http')])
  })
})

describe('thirty days without an acknowledgement', () => {
  it('end in a task; sending it again settles that', async () => {
    const hub = world.open()
    const shop = await receiver(answers(500))
    await world.setAddresses(hub, [shop.url])
    const one = world.event('pay_a', 1)
    await world.append(hub, one)
    const end = world.now + 30 * DAY_MS
    while (world.now < end) {
      await hub.drain()
      expect(await hub.gaveUp(10)).toEqual([])
      world.now += HOUR_MS
    }
    await hub.drain()
    expect(await hub.gaveUp(10)).toMatchObject([{ event: one.id, url: shop.url, subject: 'pay_a' }])
    // 5 s, 1 min, 5 min, 30 min, 2 h, 5 h and 10 h fill the first day, then once a day.
    expect(shop.got.length).toBeGreaterThan(30)
    expect(shop.got.length).toBeLessThan(45)
    world.now += 5 * DAY_MS
    expect(await hub.drain()).toBe(0)
    shop.script = answers(200)
    expect(await hub.redeliver('property-tax', one.id)).toBe('queued')
    expect(await hub.drain()).toBe(1)
    expect(await hub.gaveUp(10)).toEqual([])
  })

  it('end so too where the address had too much to try', async () => {
    const hub = world.open()
    await world.setAddresses(hub, ['http://127.0.0.1:1/'])
    await world.append(hub, world.event('pay_a', 1), world.event('pay_a', 2))
    await hub.drain()
    world.now += 31 * DAY_MS
    await hub.drain()
    expect(await hub.gaveUp(10)).toHaveLength(2)
  })
})

describe('a process that dies while it sends', () => {
  const hanging: Script = () => {}

  it('is succeeded after its lease, by the same notice', async () => {
    const [dying, next] = [world.open(), world.open()]
    const shop = await receiver(hanging)
    await world.setAddresses(dying, [shop.url])
    await world.append(dying, world.event('pay_a', 1))
    // What becomes of it nobody waits for: it is as good as dead.
    dying.drain().catch(() => {})
    await vi.waitUntil(() => shop.got.length === 1)
    shop.script = answers(200)
    expect(await next.drain()).toBe(0)
    world.now += MINUTE_MS
    expect(await next.drain()).toBe(1)
    expect(new Set(shop.got.map(({ id }) => id)).size).toBe(1)
    expect(shop.got).toHaveLength(2)
  })

  it('does not undo what its successor wrote, should it come back', async () => {
    const [slow, next] = [world.open(), world.open()]
    const held: ServerResponse[] = []
    const shop = await receiver((_, response) => void held.push(response))
    await world.setAddresses(slow, [shop.url])
    const one = world.event('pay_a', 1)
    await world.append(slow, one)
    const late = slow.drain()
    await vi.waitUntil(() => held.length === 1)
    world.now += MINUTE_MS
    shop.script = answers(503, { 'retry-after': '7200' })
    await next.drain()
    // Without its fence the late failure would call for a retry in five seconds.
    for (const response of held) response.writeHead(500).end()
    await late
    world.now += HOUR_MS
    expect(await next.drain()).toBe(0)
    world.now += HOUR_MS
    expect(await next.drain()).toBe(1)
    expect(await next.deliveries(one.id)).toHaveLength(3)
  })
})

describe('sending again', () => {
  it('sends the same notice once more', async () => {
    const hub = world.open()
    const shop = await receiver()
    await world.setAddresses(hub, [shop.url])
    const one = world.event('pay_a', 1)
    await world.append(hub, one)
    await hub.drain()
    expect(await hub.redeliver('property-tax', one.id)).toBe('queued')
    await hub.drain()
    expect(shop.got.map(({ id, body }) => [id, body])).toEqual([
      [one.id, shop.got[0]?.body],
      [one.id, shop.got[0]?.body],
    ])
  })

  it('does not wait for the next retry, holds nothing back, and keeps the order of what was never heard', async () => {
    const hub = world.open()
    const shop = await receiver(answers(500))
    await world.setAddresses(hub, [shop.url])
    const [one, two] = [world.event('pay_a', 1), world.event('pay_a', 2)]
    await world.append(hub, one, two)
    await hub.drain()
    expect(await hub.redeliver('property-tax', two.id)).toBe('queued')
    expect(await hub.drain()).toBe(0)
    shop.script = answers(200)
    expect(await hub.redeliver('property-tax', one.id)).toBe('queued')
    await hub.drain()
    expect(sequences(shop.got)).toEqual([1, 1, 2])
    shop.script = answers(500)
    await hub.redeliver('property-tax', one.id)
    await world.append(hub, world.event('pay_a', 3))
    shop.script = (got, response) => {
      response.writeHead(got.sequence === 1 ? 500 : 200).end()
    }
    await hub.drain()
    expect(sequences(shop.got)).toContain(3)
  })

  it('says what it cannot do', async () => {
    const hub = world.open()
    const one = world.event('pay_a', 1)
    await world.append(hub, one)
    expect(await hub.redeliver('property-tax', 'evt_unknown')).toBe('unknown_event')
    expect(await hub.redeliver('kindergarten', one.id)).toBe('unknown_event')
    expect(await hub.redeliver('property-tax', one.id)).toBe('no_address')
  })
})
