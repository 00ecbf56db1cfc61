import { createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { answers, type Got, noticesWorld, receiver } from '../../test/support/notices.ts'
import { DAY_MS, HOUR_MS } from '../kernel/time.ts'

const world = noticesWorld()
const sequences = (got: readonly Got[]): readonly number[] => got.map(({ sequence }) => sequence)

describe('an address', () => {
  it('that answers 410 gets nothing more, until it is configured again', async () => {
    const hub = world.open()
    const [gone, other] = [await receiver(answers(410)), await receiver()]
    await world.setAddresses(hub, [gone.url, other.url])
    await world.append(hub, world.event('pay_a', 1))
    await world.append(hub, world.event('pay_a', 2))
    await hub.drain()
    world.now += 2 * DAY_MS
    await world.append(hub, world.event('pay_b', 1))
    await hub.drain()
    expect([gone.got.length, other.got.length]).toEqual([1, 3])
    // Made at one moment, they stand in no order.
    const ofGone = async () => (await hub.addresses('property-tax')).find(({ url }) => url === gone.url)
    const address = await ofGone()
    expect(address).toMatchObject({ url: gone.url, disabled: true })
    await world.setAddresses(hub, [gone.url, other.url])
    gone.script = answers(200)
    await world.append(hub, world.event('pay_b', 2))
    await hub.drain()
    expect(sequences(gone.got)).toEqual([1, 2])
    expect(await ofGone()).toEqual({ ...address, disabled: false })
  })

  it('that is no longer configured gets nothing more, and keeps its keys for when it comes back', async () => {
    const hub = world.open()
    const shop = await receiver(answers(500))
    await world.setAddresses(hub, [shop.url])
    const [before] = await hub.addresses('property-tax')
    await world.append(hub, world.event('pay_a', 1))
    await hub.drain()
    await world.setAddresses(hub, [])
    world.now += DAY_MS
    await world.append(hub, world.event('pay_a', 2))
    await hub.drain()
    expect(shop.got).toHaveLength(1)
    await world.setAddresses(hub, [shop.url])
    expect(await hub.addresses('property-tax')).toEqual([before])
  })

  it('has keys of its own, sealed in the database', async () => {
    const hub = world.open()
    await world.setAddresses(hub, ['https://one.example/', 'https://two.example/'])
    const [one, two] = await hub.addresses('property-tax')
    expect(one?.secret).not.toBe(two?.secret)
    const rows = await world.db.query<{ readonly text: string }>({
      name: 'test.keys',
      text: 'select sealed as text from notices.signing_key',
    })
    expect(rows.map(({ text }) => text).join()).not.toContain('whsec')
    await world.setAddresses(hub, ['https://one.example/', 'https://two.example/'])
    expect(await hub.addresses('property-tax')).toEqual([one, two])
  })

  it('changes keys with a day of both, also for notices that were written before', async () => {
    const hub = world.open()
    const shop = await receiver(answers(500))
    await world.setAddresses(hub, [shop.url])
    const [former] = await hub.addresses('property-tax')
    await world.append(hub, world.event('pay_a', 1))
    await hub.drain()
    await hub.rotate('property-tax', world.now)
    const [present] = await hub.addresses('property-tax')
    expect(present?.secret).not.toBe(former?.secret)
    expect(present?.publicKey).not.toBe(former?.publicKey)
    const takes = (secret = ''): boolean => {
      const { id = '', headers, body = '' } = shop.got.at(-1) ?? {}
      const key = Buffer.from(secret.replace('whsec_', ''), 'base64')
      const mac = createHmac('sha256', key).update(`${id}.${headers?.['webhook-timestamp']}.${body}`).digest('base64')
      return headers?.['webhook-signature']?.split(' ').includes(`v1,${mac}`) ?? false
    }
    world.now += 23 * HOUR_MS
    await hub.drain()
    expect([takes(former?.secret), takes(present?.secret)]).toEqual([true, true])
    world.now += 2 * DAY_MS
    await hub.drain()
    expect([takes(former?.secret), takes(present?.secret)]).toEqual([false, true])
  })
})
