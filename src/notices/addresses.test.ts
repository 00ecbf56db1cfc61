import { createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { answers, type Got, noticesWorld, receiver, sealerOf } from '../../test/support/notices.ts'
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

describe('the master key', () => {
  it('is changed under all keys, also when the first try was killed half-way, and the former one may go', async () => {
    const before = world.open(sealerOf(1))
    const urls = Array.from({ length: 510 }, (_, place) => `https://shop.example/${place}`)
    await world.setAddresses(before, urls)
    await before.rotate('property-tax', world.now)
    const known = await before.addresses('property-tax')

    let sealed = 0
    const both = sealerOf(1, 2)
    const dying: typeof both = {
      ...both,
      seal: (text, about) => {
        sealed += 1
        if (sealed > 600) throw new Error('killed')
        return both.seal(text, about)
      },
    }
    await expect(world.open(dying).reseal()).rejects.toThrow('killed')
    expect(await world.open(both).reseal(), 'the first page of 500 stays done').toBe(1020 - 500)
    expect(await world.open(both).reseal()).toBe(0)
    expect(await world.open(sealerOf(2)).addresses('property-tax')).toEqual(known)
    await expect(world.open(sealerOf(1)).addresses('property-tax')).rejects.toThrow('master key 2 is needed')
  })

  it('does not undo a key that was changed meanwhile', async () => {
    const hub = world.open(sealerOf(1, 2))
    await world.setAddresses(world.open(sealerOf(1)), ['https://shop.example/'])
    const slow = sealerOf(1, 2)
    let meanwhile = Promise.resolve(0)
    const crossed: typeof slow = {
      ...slow,
      open: (sealed, about) => {
        meanwhile = hub.reseal()
        return slow.open(sealed, about)
      },
    }
    const counts = [await world.open(crossed).reseal(), await meanwhile]
    expect(counts.toSorted()).toEqual([0, 1])
    expect(await world.open(sealerOf(2)).addresses('property-tax')).toHaveLength(1)
  })
})
