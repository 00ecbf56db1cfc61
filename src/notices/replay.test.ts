import { describe, expect, it } from 'vitest'
import { answers, type Got, noticesWorld, receiver } from '../../test/support/notices.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../kernel/time.ts'
import type { NoticesModule } from './index.ts'

const world = noticesWorld()
const told = (got: readonly Got[]) => got.map(({ payment, sequence }) => `${payment} ${sequence}`)

/** Two payments of three events each, all acknowledged; an hour between the first two events and the rest. */
const acknowledged = async (hub: NoticesModule, url: string): Promise<number> => {
  await world.setAddresses(hub, [url])
  for (const payment of ['pay_a', 'pay_b']) await world.append(hub, world.event(payment, 1))
  await hub.drain()
  world.now += HOUR_MS
  const half = world.now
  for (const sequence of [2, 3])
    for (const payment of ['pay_a', 'pay_b']) await world.append(hub, world.event(payment, sequence))
  await hub.drain()
  world.now += MINUTE_MS
  return half
}

describe('a replay', () => {
  it('says first how much it would be, and sends nothing', async () => {
    const [hub, shop] = [world.open(), await receiver()]
    const half = await acknowledged(hub, shop.url)
    const span = { eService: 'property-tax', from: 0, to: world.now }
    expect(await hub.replay(span, true)).toEqual({ eService: 'property-tax', events: 6, addresses: 1 })
    expect(await hub.replay({ ...span, from: half }, true)).toMatchObject({ events: 4 })
    expect(await hub.replay({ ...span, to: half }, true)).toMatchObject({ events: 2 })
    expect(await hub.replay({ ...span, eService: 'kindergarten' }, true)).toMatchObject({ events: 0, addresses: 0 })
    await hub.drain()
    expect(shop.got).toHaveLength(6)
  })

  it('sends a span once more with the same ids, each payment’s in order though the first one fails at first', async () => {
    const [hub, shop] = [world.open(), await receiver()]
    await acknowledged(hub, shop.url)
    const first = [...shop.got]
    let failing = true
    shop.script = (got, response) => {
      const fails = failing && got.payment === 'pay_a' && got.sequence === 1
      failing &&= !fails
      response.writeHead(fails ? 500 : 204).end()
    }
    await hub.replay({ eService: 'property-tax', from: 0, to: world.now }, false)
    await hub.drain()
    const meanwhile = told(shop.got.slice(first.length))
    expect(meanwhile.filter((one) => one.startsWith('pay_a'))).toEqual(['pay_a 1'])
    expect(meanwhile.filter((one) => one.startsWith('pay_b'))).toEqual(['pay_b 1', 'pay_b 2', 'pay_b 3'])
    // What happens now waits behind what is told once more.
    await world.append(hub, world.event('pay_a', 4))
    await hub.drain()
    world.now += MINUTE_MS
    await hub.drain()
    const again = shop.got.slice(first.length)
    expect(told(again).filter((one) => one.startsWith('pay_a'))).toEqual([
      'pay_a 1',
      'pay_a 1',
      'pay_a 2',
      'pay_a 3',
      'pay_a 4',
    ])
    const idOf = (got: readonly Got[], one: string) => got.find((each) => told([each])[0] === one)?.id
    for (const one of told(first)) expect(idOf(again, one)).toBe(idOf(first, one))
  })

  it('sends one payment’s or one event alone, to the addresses in use by now', async () => {
    const [hub, shop, late] = [world.open(), await receiver(), await receiver()]
    await acknowledged(hub, shop.url)
    await world.setAddresses(hub, [late.url])
    const wanted = { eService: 'property-tax', subject: 'pay_b' }
    expect(await hub.replay(wanted, false)).toEqual({ eService: 'property-tax', events: 3, addresses: 1 })
    await hub.drain()
    expect(told(late.got)).toEqual(['pay_b 1', 'pay_b 2', 'pay_b 3'])
    const [, second] = await hub.ofSubject('property-tax', 'pay_a')
    if (!second) throw new Error('no second event')
    expect(await hub.replay({ event: second.id }, false)).toMatchObject({ events: 1, addresses: 1 })
    await hub.drain()
    expect(late.got.at(-1)?.id).toBe(second.id)
    expect(shop.got).toHaveLength(6)
    expect(await hub.replay({ event: world.event('pay_x', 1).id }, true)).toBeUndefined()
  })

  it('does not owe twice what is owed, brings a retry forward, and settles what was given up', async () => {
    const [hub, shop] = [world.open(), await receiver(answers(500))]
    await world.setAddresses(hub, [shop.url])
    for (const sequence of [1, 2]) await world.append(hub, world.event('pay_a', sequence))
    await hub.drain()
    world.now += HOUR_MS
    await hub.drain()
    const tries = shop.got.length
    shop.script = answers(204)
    const wanted = { eService: 'property-tax', subject: 'pay_a' }
    for (let twice = 0; twice < 2; twice++) await hub.replay(wanted, false)
    await hub.drain()
    expect(told(shop.got.slice(tries))).toEqual(['pay_a 1', 'pay_a 2'])

    shop.script = answers(500)
    await world.append(hub, world.event('pay_b', 1))
    for (let day = 0; day < 33; day++) {
      await hub.drain()
      world.now += DAY_MS
    }
    await hub.drain()
    expect(await hub.gaveUp(9)).toHaveLength(1)
    shop.script = answers(204)
    await hub.replay({ eService: 'property-tax', subject: 'pay_b' }, false)
    await hub.drain()
    expect(await hub.gaveUp(9)).toEqual([])
    expect(told(shop.got).at(-1)).toBe('pay_b 1')
  })
})
