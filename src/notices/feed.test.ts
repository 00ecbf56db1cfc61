import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { noticesWorld } from '../../test/support/notices.ts'
import { SECOND_MS } from '../kernel/time.ts'
import { cursorOf, positionOf } from './feed.ts'
import type { HubEvent, NoticesModule, StoredEvent } from './index.ts'

const world = noticesWorld()

/** Everything from a cursor on, page by page. */
const readOn = async (hub: NoticesModule, from: string | undefined, limit: number) => {
  const events: StoredEvent[] = []
  let cursor = from
  for (let more = true; more; ) {
    const page = await hub.feed('property-tax', cursor, limit)
    if (page === 'bad_cursor') throw new Error('bad cursor')
    events.push(...page.events)
    cursor = page.cursor
    more = page.more
  }
  return { events, cursor }
}

const named = (events: readonly HubEvent[]): readonly string[] =>
  events.map(({ subject, sequence }) => `${subject} ${sequence}`)

/** A transaction that has written and waits to be told to commit. */
const overlapping = async (hub: NoticesModule, ...events: readonly HubEvent[]): Promise<() => Promise<void>> => {
  let commit = (): void => {}
  const told = new Promise<void>((resolve) => {
    commit = resolve
  })
  let done = Promise.resolve()
  await new Promise<void>((written) => {
    done = world.db.tx(async (tx) => {
      await hub.append(tx, events)
      written()
      await told
    })
  })
  return async () => {
    commit()
    await done
  }
}

describe('the feed', () => {
  it('gives every event of its e-service once, as it was written, and no other’s', async () => {
    const hub = world.open()
    const events: HubEvent[] = []
    for (const [payment, sequence] of [
      ['pay_a', 1],
      ['pay_b', 1],
      ['pay_a', 2],
    ] as const) {
      world.now++
      const one = world.event(payment, sequence)
      events.push(one)
      await world.append(hub, one)
    }
    await world.append(hub, world.event('pay_x', 1, { eService: 'kindergarten' }))
    const { events: read } = await readOn(hub, undefined, 200)
    expect(read.map(({ id }) => id)).toEqual(events.map(({ id }) => id))
    expect(read[0]).toEqual({ ...events[0], body: expect.stringContaining('"sequence":1') })
    expect(named(await hub.ofSubject('property-tax', 'pay_a'))).toEqual(['pay_a 1', 'pay_a 2'])
  })

  it('shows an event as soon as its transaction is committed', async () => {
    const hub = world.open()
    const commit = await overlapping(hub, world.event('pay_a', 1))
    expect((await readOn(hub, undefined, 200)).events).toEqual([])
    await commit()
    expect(named((await readOn(hub, undefined, 200)).events)).toEqual(['pay_a 1'])
  })

  it('never passes by an event that commits after a later one was read', async () => {
    const hub = world.open()
    const commitFirst = await overlapping(hub, world.event('pay_a', 1))
    const commitSecond = await overlapping(hub, world.event('pay_b', 1))
    await world.append(hub, world.event('pay_c', 1))
    const one = await readOn(hub, undefined, 200)
    await commitSecond()
    const two = await readOn(hub, one.cursor, 200)
    await commitFirst()
    const three = await readOn(hub, two.cursor, 200)
    expect([one, two, three].map(({ events }) => named(events))).toEqual([['pay_c 1'], ['pay_b 1'], ['pay_a 1']])
  })

  it('has the events of a payment in order, also when clocks of processes differ', async () => {
    const hub = world.open()
    const early = { at: world.now - SECOND_MS }
    await world.append(hub, world.event('pay_a', 1), world.event('pay_a', 2, early), world.event('pay_b', 1, early))
    await world.append(hub, world.event('pay_a', 3, early))
    const { events } = await readOn(hub, undefined, 200)
    expect(named(events).filter((one) => one.startsWith('pay_a'))).toEqual(['pay_a 1', 'pay_a 2', 'pay_a 3'])
  })

  it('comes in pages; the last cursor waits for what follows', async () => {
    const hub = world.open()
    for (let sequence = 1; sequence <= 5; sequence++) await world.append(hub, world.event('pay_a', sequence))
    const first = await hub.feed('property-tax', undefined, 2)
    expect(first).toMatchObject({ more: true, events: [{ sequence: 1 }, { sequence: 2 }] })
    const rest = await readOn(hub, first === 'bad_cursor' ? '' : first.cursor, 2)
    expect(rest.events.map(({ sequence }) => sequence)).toEqual([3, 4, 5])
    expect(await hub.feed('property-tax', rest.cursor, 2)).toEqual({ events: [], cursor: rest.cursor, more: false })
    await world.append(hub, world.event('pay_a', 6))
    expect(await hub.feed('property-tax', rest.cursor, 0)).toMatchObject({ events: [{ sequence: 6 }], more: false })
  })

  it('has no gap and no repetition under writers, placers and a reader at once', async () => {
    const hubs = [world.open(), world.open(), world.open()]
    for (const hub of hubs) hub.start()
    const writers = Array.from({ length: 6 }, async (_, writer) => {
      const hub = hubs[writer % hubs.length] ?? world.open()
      for (let sequence = 1; sequence <= 20; sequence++) {
        await world.db.tx(async (tx) => {
          await hub.append(tx, [world.event(`pay_${writer}`, sequence)])
          // Some hold their transaction open while others overtake them.
          if ((writer + sequence) % 3 === 0) await world.db.clockSkewMs()
        })
      }
    })
    let writing = true
    const written = Promise.all(writers).then(() => {
      writing = false
    })
    const read: StoredEvent[] = []
    let cursor: string | undefined
    do {
      const page = await readOn(world.open(), cursor, 3)
      read.push(...page.events)
      cursor = page.cursor
    } while (writing)
    await written
    read.push(...(await readOn(world.open(), cursor, 3)).events)
    for (let writer = 0; writer < 6; writer++) {
      const mine = read.filter(({ subject }) => subject === `pay_${writer}`).map(({ sequence }) => sequence)
      expect(mine).toEqual(Array.from({ length: 20 }, (_, place) => place + 1))
    }
  })
})

describe('a cursor', () => {
  it('is read back as it was written', () => {
    fc.assert(
      fc.property(fc.nat(), (position) => {
        expect(positionOf(cursorOf(position))).toBe(position)
      }),
    )
  })

  test.each(['', '0', 'abc', 'cDE=', 'cDE!', cursorOf(-1), cursorOf(1.5), '../etc'])('"%s" is none', (text) => {
    expect(positionOf(text)).toBeUndefined()
  })

  it('that is none is a refusal, not a fault', async () => {
    expect(await world.open().feed('property-tax', 'abc', 10)).toBe('bad_cursor')
  })
})
