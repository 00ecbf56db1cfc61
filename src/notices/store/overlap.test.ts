import { expect, it } from 'vitest'
import { noticesWorld } from '../../../test/support/notices.ts'
import { HOUR_MS, MINUTE_MS } from '../../kernel/time.ts'
import type { Tx } from '../../platform/db/db.ts'
import { type Claimed, claim, dueAddresses, type Finished, finish } from './dispatches.ts'
import { place } from './events.ts'
import { oweAgain } from './replays.ts'

/** Placing a payment's next event and finishing the one before it, at the same moment, in both orders. */

const world = noticesWorld()

/** Does its work, and commits when told. */
const held = async <Value>(work: (tx: Tx) => Promise<Value>) => {
  let commit = (): void => {}
  const told = new Promise<void>((resolve) => {
    commit = resolve
  })
  let done = Promise.resolve()
  await new Promise<void>((worked) => {
    done = world.db.tx(async (tx) => {
      await work(tx)
      worked()
      await told
    })
  })
  return { commit, done: () => done }
}

const acknowledged = (claimed: Claimed): Finished => ({
  claimed,
  at: world.now,
  status: 204,
  answer: '',
  tookMs: 1,
  verdict: 'acknowledged',
  next: world.now,
})

/** The first event of a payment is being sent, the second is committed and not placed. */
const underWay = async () => {
  const hub = world.open()
  await world.setAddresses(hub, ['https://shop.example/'])
  await world.append(hub, world.event('pay_a', 1))
  const { addresses } = await world.db.tx((tx) => place(tx, world.now, 10))
  const places = new Map(addresses.map((address) => [address, 9]))
  const [first] = await claim(world.db, places, world.now, world.now + MINUTE_MS)
  if (!first) throw new Error('nothing was due')
  await world.append(hub, world.event('pay_a', 2))
  return { first, places }
}

/** Another connection waits for a lock. */
const someoneWaits = async (): Promise<boolean> => {
  const text = `select count(*)::int as waiting from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock'`
  for (let tries = 0; tries < 200; tries++) {
    const [row] = await world.db.query<{ readonly waiting: number }>({ name: 'test.waiting', text })
    if (row && row.waiting > 0) return true
  }
  return false
}

it('one who finishes while the next is being placed waits, and releases it', async () => {
  const { first, places } = await underWay()
  const placing = await held((tx) => place(tx, world.now, 10))
  const finishing = world.db.tx((tx) => finish(tx, [acknowledged(first)], world.now))
  expect(await someoneWaits()).toBe(true)
  placing.commit()
  expect(await finishing).toEqual([...places.keys()])
  await placing.done()
  expect(await dueAddresses(world.db, world.now)).toEqual([...places.keys()])
})

it('one who places while the one before is being finished waits, and holds nothing back', async () => {
  const { first, places } = await underWay()
  const finishing = await held((tx) => finish(tx, [acknowledged(first)], world.now))
  const placing = world.db.tx((tx) => place(tx, world.now, 10))
  expect(await someoneWaits()).toBe(true)
  finishing.commit()
  await Promise.all([placing, finishing.done()])
  expect(await dueAddresses(world.db, world.now)).toEqual([...places.keys()])
})

it('of two who finish different notices of one payment at the same moment, the second releases what waits for both', async () => {
  const { first, places } = await underWay()
  await world.db.tx((tx) => place(tx, world.now, 10))
  await world.db.tx((tx) => finish(tx, [acknowledged(first)], world.now))
  const [second] = await claim(world.db, places, world.now, world.now + MINUTE_MS)
  await world.db.tx((tx) => oweAgain(tx, 'property-tax', [first.event], world.now))
  const [again] = await claim(world.db, places, world.now, world.now + MINUTE_MS)
  if (!second || !again) throw new Error('nothing was due')
  await world.append(world.open(), world.event('pay_a', 3))
  await world.db.tx((tx) => place(tx, world.now, 10))
  expect(await dueAddresses(world.db, world.now)).toEqual([])
  const one = await held((tx) => finish(tx, [acknowledged(again)], world.now))
  const other = world.db.tx((tx) => finish(tx, [acknowledged(second)], world.now))
  expect(await someoneWaits()).toBe(true)
  one.commit()
  await Promise.all([one.done(), other])
  expect(await dueAddresses(world.db, world.now)).toEqual([...places.keys()])
})

it('a finishing write that is repeated changes nothing more', async () => {
  const { first, places } = await underWay()
  await world.db.tx((tx) => place(tx, world.now, 10))
  for (let round = 0; round < 2; round++) await world.db.tx((tx) => finish(tx, [acknowledged(first)], world.now))
  const [second] = await claim(world.db, places, world.now, world.now + HOUR_MS)
  expect(second?.event).not.toBe(first.event)
  expect(await world.open().deliveries(first.event)).toHaveLength(1)
})
