import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ListedChannel, WireMessage } from '../../src/channels/index.ts'
import { DAY_MS, HOUR_MS, SECOND_MS } from '../../src/kernel/time.ts'
import { enquire } from '../../src/payments/enquire.ts'
import { startTestHub, type TestHub } from '../support/hub.ts'
import { chosen, decided, ordered, truth } from '../support/story.ts'
import { execute } from '../support/test-server.ts'

/** A bank whose server says without a signature that there is news, as some do: nothing is believed, and it is asked soon. */

const HINT = 'there is news'
const isHint = ({ body }: WireMessage): boolean => new TextDecoder().decode(body) === HINT

const hinting = (listed: ListedChannel): ListedChannel =>
  listed.channel.id === 'sandbox'
    ? {
        ...listed,
        channel: {
          ...listed.channel,
          read: async (message, agreement) =>
            isHint(message)
              ? { carrier: 'psp', readings: [{ about: { address: true }, says: 'ask' }] }
              : listed.channel.read(message, agreement),
        },
      }
    : listed

/** By its own plan the bank is asked once an hour. */
const askedHourly = (text: string): string =>
  text.replaceAll(
    'payableForMinutes: 15 }',
    'payableForMinutes: 600, askAfterSeconds: { begun: 3600, returned: 3600, asked: [3600] } }',
  )

let hub: TestHub
beforeAll(async () => {
  hub = await startTestHub({ file: askedHourly, channels: (listed) => listed.map(hinting) })
})
afterAll(() => hub.stop())

const atBank = async () => {
  const order = await ordered(hub)
  await chosen(hub, order.payUrl, 'sandbox')
  const { attempts } = await truth(hub, order.id)
  const attempt = attempts[0]?.id ?? ''
  const hint = async () => {
    const url = `${hub.root}/psp/sandbox/liepkalni-sandbox/${attempt}/notice`
    expect((await fetch(url, { method: 'POST', body: HINT })).status).toBe(200)
  }
  return { order, attempt, hint }
}

const timesAsked = async (payment: string): Promise<number> => {
  const rows = await execute<{ readonly count: number }>(
    hub.database.url,
    `select count(*)::int as count from payments.fact where payment = '${payment}' and body ->> 'of' = 'enquire'`,
  )
  return rows[0]?.count ?? 0
}

describe('a hint that there is news', () => {
  it('is followed at once, and not once more', async () => {
    const { order, hint } = await atBank()
    await decided(hub, 'sandbox', 'both_lost')
    await hint()
    await hub.settle()
    expect(await truth(hub, order.id)).toMatchObject({ status: 'executed' })
    await hint()
    await hub.clock.advance(10 * SECOND_MS)
    expect(await timesAsked(order.id)).toBe(1)
  })

  it('is followed after three seconds where the bank was asked a moment ago, however often it comes', async () => {
    const { order, attempt, hint } = await atBank()
    await enquire(hub.composed.hub, 'liepkalni', order.id, attempt)
    for (let came = 0; came < 3; came++) await hint()
    await hub.settle()
    expect(await timesAsked(order.id)).toBe(1)
    await hub.clock.advance(3 * SECOND_MS)
    expect(await timesAsked(order.id)).toBe(2)
  })

  it('that comes while the bank is answering is not forgotten with the deadline that the answer moves', async () => {
    const { order, attempt, hint } = await atBank()
    const { hub: node } = hub.composed
    const answering: typeof node = {
      ...node,
      send: async (request) => {
        const sent = await node.send(request)
        await decided(hub, 'sandbox', 'both_lost')
        await hint()
        return sent
      },
    }
    expect(await enquire(answering, 'liepkalni', order.id, attempt)).toBe('answered')
    expect(await truth(hub, order.id)).toMatchObject({ status: 'started' })
    await hub.clock.advance(4 * SECOND_MS)
    expect(await truth(hub, order.id)).toMatchObject({ status: 'executed' })
  })

  it('is followed also when the hub had given up asking: the money may be there', async () => {
    const { order, hint } = await atBank()
    const calls = (mood: string) =>
      fetch(`${hub.world.root}/sandbox/switch`, { method: 'PUT', body: JSON.stringify({ calls: mood }) })
    await decided(hub, 'sandbox', 'both_lost')
    await calls('failing')
    await hub.clock.advance(DAY_MS + 12 * HOUR_MS)
    expect(await truth(hub, order.id)).toMatchObject({ status: 'started', attention: ['stuck'] })
    await calls('well')
    await hint()
    await hub.clock.advance(HOUR_MS)
    expect(await truth(hub, order.id)).toMatchObject({ status: 'executed' })
  })

  it('is followed ever more rarely, the older the attempt is', async () => {
    const { order, attempt, hint } = await atBank()
    await hub.clock.advance(5 * HOUR_MS)
    await enquire(hub.composed.hub, 'liepkalni', order.id, attempt)
    const before = await timesAsked(order.id)
    await hint()
    await hub.clock.advance(5 * SECOND_MS)
    expect(await timesAsked(order.id)).toBe(before)
    await hub.clock.advance(180 * SECOND_MS)
    expect(await timesAsked(order.id)).toBe(before + 1)
  })
})

describe('a channel that says without a call that it cannot tell', () => {
  it('is counted as asked each time, so that its next time comes', async () => {
    const { order, attempt } = await atBank()
    const { hub: node } = hub.composed
    const silent: typeof node = {
      ...node,
      merchants: {
        ...node.merchants,
        open: async (...named) => {
          const open = await node.merchants.open(...named)
          return (
            open && { ...open, channel: { ...open.channel, enquire: async () => ({ step: 'heard', readings: [] }) } }
          )
        },
      },
    }
    for (let asked = 0; asked < 2; asked++) {
      expect(await enquire(silent, 'liepkalni', order.id, attempt)).toBe('no_answer')
      await hub.clock.advance(SECOND_MS)
    }
    expect(await timesAsked(order.id)).toBe(2)
  })
})
