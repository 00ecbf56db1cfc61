import { describe, expect, it } from 'vitest'
import { answers, noticesWorld, receiver } from '../../test/support/notices.ts'
import { DAY_MS, HOUR_MS } from '../kernel/time.ts'
import { openDesk } from '../tasks/index.ts'
import type { NoticesModule } from './index.ts'
import type { Standing } from './store/addresses.ts'
import { type LastRuled, wantedOf } from './tasks.ts'

describe('what an address gives a person', () => {
  const NOW = 100 * DAY_MS
  const standing = (more: Partial<Standing>): Standing => ({
    merchant: 'liepkalni',
    eService: 'property-tax',
    id: 'a',
    url: 'https://tax.example/',
    goneAt: null,
    gaveUpAt: null,
    owedSince: null,
    oldest: null,
    ...more,
  })
  const rows: readonly (readonly [string, Partial<Standing>, LastRuled, string])[] = [
    ['one that is well', {}, {}, ''],
    ['one that owes since an hour', { owedSince: NOW - HOUR_MS }, {}, ''],
    ['one that owes since a day', { owedSince: NOW - DAY_MS }, {}, 'notice_address_failing'],
    ['one of which they know', { owedSince: 0 }, { notice_address_failing: NOW - 6 * DAY_MS }, ''],
    [
      'one of which they knew a week ago',
      { owedSince: 0 },
      { notice_address_failing: NOW - 7 * DAY_MS },
      'notice_address_failing',
    ],
    ['one that is gone', { goneAt: NOW }, {}, 'notice_address_gone'],
    ['one whose going was ruled on', { goneAt: NOW - 2 }, { notice_address_gone: NOW - 1 }, ''],
    ['one that went again', { goneAt: NOW - 1 }, { notice_address_gone: NOW - 2 }, 'notice_address_gone'],
    ['one that was given up', { gaveUpAt: NOW }, { notice_address_gone: NOW }, 'notice_given_up'],
    ['one whose giving up was ruled on', { gaveUpAt: NOW }, { notice_given_up: NOW }, ''],
    ['one in all kinds of trouble', { gaveUpAt: NOW, owedSince: 0 }, {}, 'notice_address_failing notice_given_up'],
  ]
  it.each(rows)('by %s', (_, stands, ruled, kinds) => {
    expect(
      wantedOf(standing(stands), ruled, NOW)
        .map(({ kind }) => kind)
        .join(' '),
    ).toBe(kinds)
  })
})

const world = noticesWorld()
const deskOf = (hub: NoticesModule) => openDesk(world.db, [hub.taskOwner])
const openOf = async (hub: NoticesModule) => deskOf(hub).list({ all: false, limit: 100 })
const kindsOf = async (hub: NoticesModule) => (await openOf(hub)).map(({ kind }) => kind)
const rule = async (hub: NoticesModule) => {
  const [task] = await openOf(hub)
  return deskOf(hub).rule(task?.id ?? '', { as: 'settled', by: 'A. Clerk', note: 'called them' })
}

describe('an address that is gone', () => {
  it('is a task from the moment it says so, and no more once it is configured again', async () => {
    const hub = world.open()
    const shop = await receiver(answers(410))
    await world.setAddresses(hub, [shop.url])
    await world.append(hub, world.event('pay_a', 1))
    await hub.drain()
    const [task] = await openOf(hub)
    expect(task).toMatchObject({ kind: 'notice_address_gone', merchant: 'liepkalni', eService: 'property-tax' })
    expect((await deskOf(hub).show(task?.id ?? ''))?.story.happened.join('\n')).toMatch(/It answered 410 at/)
    await world.setAddresses(hub, [shop.url])
    expect(await openOf(hub)).toEqual([])
  })

  it('is no task any more once it is not configured, nor once a person has looked at it', async () => {
    const hub = world.open()
    const [one, two] = [await receiver(answers(410)), await receiver(answers(410))]
    await world.setAddresses(hub, [one.url])
    await world.append(hub, world.event('pay_a', 1))
    await hub.drain()
    await world.setAddresses(hub, [two.url])
    expect(await openOf(hub)).toEqual([])
    world.now += HOUR_MS
    await world.append(hub, world.event('pay_a', 2))
    await hub.drain()
    expect(await kindsOf(hub)).toEqual(['notice_address_gone'])
    expect(await rule(hub)).toMatchObject({ ok: true, value: { outcome: 'closed' } })
    world.now += 9 * DAY_MS
    await hub.drain()
    expect(await openOf(hub)).toEqual([])
  })
})

describe('an address that takes nothing', () => {
  it('is a task after a day, quiet for a week once a person knows, and none when it has recovered', async () => {
    const hub = world.open()
    const shop = await receiver(answers(500))
    await world.setAddresses(hub, [shop.url])
    await world.append(hub, world.event('pay_a', 1))
    await hub.drain()
    expect(await openOf(hub)).toEqual([])
    world.now += DAY_MS
    await hub.drain()
    expect(await kindsOf(hub)).toEqual(['notice_address_failing'])
    const [task] = await openOf(hub)
    expect((await deskOf(hub).show(task?.id ?? ''))?.story.happened.at(-1)).toMatch(/owed since .* answered 500\.$/)
    await rule(hub)
    world.now += 2 * DAY_MS
    await hub.drain()
    expect(await openOf(hub)).toEqual([])
    world.now += 6 * DAY_MS
    await hub.drain()
    expect(await kindsOf(hub)).toEqual(['notice_address_failing'])
    shop.script = answers(200)
    world.now += 2 * DAY_MS
    await hub.drain()
    expect(await openOf(hub)).toEqual([])
  })

  it('for thirty days is one task, however many notices were given up; sending them again ends it', async () => {
    const hub = world.open()
    const shop = await receiver(answers(500))
    await world.setAddresses(hub, [shop.url])
    const events = [world.event('pay_a', 1), world.event('pay_b', 1)]
    await world.append(hub, ...events)
    await hub.drain()
    world.now += 30 * DAY_MS
    await hub.drain()
    expect(await hub.gaveUp(10)).toHaveLength(2)
    expect(await kindsOf(hub)).toEqual(['notice_given_up'])
    shop.script = answers(200)
    await hub.redeliver('property-tax', events[0]?.id ?? 'evt_')
    expect(await kindsOf(hub)).toEqual(['notice_given_up'])
    await hub.replay({ event: events[1]?.id ?? 'evt_' }, false)
    expect(await openOf(hub)).toEqual([])
  })

  it('and is given up without a last try is a task too, and a further one asks again after a ruling', async () => {
    const hub = world.open()
    await world.setAddresses(hub, ['http://127.0.0.1:1/'])
    await world.append(hub, world.event('pay_a', 1), world.event('pay_a', 2))
    await hub.drain()
    world.now += 31 * DAY_MS
    await hub.drain()
    expect(await kindsOf(hub)).toEqual(['notice_given_up'])
    await rule(hub)
    await hub.drain()
    expect(await openOf(hub)).toEqual([])
    await world.append(hub, world.event('pay_a', 3))
    await hub.drain()
    world.now += 31 * DAY_MS
    await hub.drain()
    expect(await kindsOf(hub)).toEqual(['notice_given_up'])
  })
})
