import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { noticesWorld } from '../../test/support/notices.ts'
import { SECOND_MS, toRfc3339 } from '../kernel/time.ts'
import { placeAll, readFeed } from './feed.ts'
import type { HubEvent, StoredEvent } from './index.ts'
import { place } from './store/events.ts'

/**
 * Any order of writing, committing, rolling back, placing and reading, on as many connections as there are hands: transactions overtake
 * each other, whoever places dies half-way, two place at once, clocks of processes differ.
 */

const world = noticesWorld()

/** Three write, each on one payment at a time; two nodes place. */
type Step =
  | { readonly do: 'write'; readonly writer: 0 | 1 | 2; readonly payment: number; readonly skewS: number }
  | { readonly do: 'end'; readonly writer: 0 | 1 | 2; readonly commits: boolean }
  | { readonly do: 'place'; readonly node: 0 | 1 }
  | { readonly do: 'placed'; readonly node: 0 | 1; readonly commits: boolean }
  | { readonly do: 'read' }

const writer = fc.constantFrom(0 as const, 1 as const, 2 as const)
const node = fc.constantFrom(0 as const, 1 as const)
const mostly = fc.integer({ min: 0, max: 3 }).map((chance) => chance > 0)
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constant('write' as const),
    writer,
    payment: fc.nat(4),
    skewS: fc.integer({ min: -2, max: 2 }),
  }),
  fc.record({ do: fc.constant('end' as const), writer, commits: mostly }),
  fc.record({ do: fc.constant('place' as const), node }),
  fc.record({ do: fc.constant('placed' as const), node, commits: mostly }),
  fc.constant({ do: 'read' as const }),
)
const anyStory = fc.array(anyStep, { minLength: 10, maxLength: 40 })

class RolledBack extends Error {}

/** Work in a transaction that stays open until it is told how to end. */
type Held = { readonly worked: Promise<void>; end(commits: boolean): Promise<void> }

const held = (work: Parameters<typeof world.db.tx>[0]): Held => {
  let tell = (_commits: boolean): void => {}
  const told = new Promise<boolean>((resolve) => {
    tell = resolve
  })
  let done = Promise.resolve()
  const worked = new Promise<void>((resolve) => {
    const transact = world.db.tx(async (tx) => {
      await work(tx)
      resolve()
      if (!(await told)) throw new RolledBack()
    })
    done = transact.catch((fault: unknown) => {
      if (!(fault instanceof RolledBack)) throw fault
    })
  })
  return {
    worked,
    end: (commits) => {
      tell(commits)
      return done
    },
  }
}

/** What a reader who reads on and on has seen, and how it reads. */
type Reader = { readonly seen: HubEvent[]; read(): Promise<void> }

const byFeed = (eService: string): Reader => {
  const seen: StoredEvent[] = []
  let cursor: string | undefined
  const read = async (): Promise<void> => {
    const page = await readFeed(world.db, eService, cursor, 3)
    if (page === 'bad_cursor') throw new Error('bad cursor')
    seen.push(...page.events)
    cursor = page.cursor
    if (page.more) await read()
  }
  return { seen, read }
}

const LATER = {
  name: 'test.events_after',
  text: `select id, subject, sequence, at from notices.event
         where e_service = $1 and (at, id) > ($2::timestamptz, $3) order by at, id`,
}

/** As a cursor is often made: whatever is newer than the newest that was seen. */
const byTime = (eService: string): Reader => {
  const seen: HubEvent[] = []
  let after: readonly unknown[] = ['-infinity', '']
  const read = async (): Promise<void> => {
    const page = await world.db.query<HubEvent>(LATER, [eService, ...after])
    seen.push(...page)
    const last = page.at(-1)
    if (last) after = [toRfc3339(last.at), last.id]
  }
  return { seen, read }
}

let stories = 0

/** Lives through a story with a reader beside it; returns what was committed and what the reader has seen in the end. */
const live = async (story: readonly Step[], readerOf: (eService: string) => Reader) => {
  const eService = `service-${++stories}`
  const hub = world.open()
  const reader = readerOf(eService)
  const committed: HubEvent[] = []
  const writing = new Map<number, { readonly event: HubEvent; readonly held: Held }>()
  const placing = new Map<number, Held>()
  const newest = new Map<string, number>()

  const endWriting = async (one: number, commits: boolean): Promise<void> => {
    const mine = writing.get(one)
    writing.delete(one)
    await mine?.held.end(commits)
    if (mine && commits) committed.push(mine.event)
    if (mine && commits) newest.set(mine.event.subject, mine.event.sequence)
  }
  const act = async (step: Step): Promise<void> => {
    world.now += 7
    if (step.do === 'read') return reader.read()
    if (step.do === 'end') return endWriting(step.writer, step.commits)
    if (step.do === 'place') {
      if (!placing.has(step.node))
        placing.set(
          step.node,
          held((tx) => place(tx, world.now, 2)),
        )
      return
    }
    if (step.do === 'placed') {
      // Of two that place the second waits for the first, so its turn may be still to come.
      void placing.get(step.node)?.end(step.commits)
      placing.delete(step.node)
      return
    }
    const subject = `pay_${stories}_${step.payment}`
    const isLocked = [...writing.values()].some(({ event }) => event.subject === subject)
    if (writing.has(step.writer) || isLocked) return
    const at = world.now + step.skewS * SECOND_MS
    const event = world.event(subject, (newest.get(subject) ?? 0) + 1, { eService, at })
    const open = held((tx) => hub.append(tx, [event]))
    await open.worked
    writing.set(step.writer, { event, held: open })
  }
  for (const step of story) await act(step)
  await Promise.all([...writing.keys()].map((one) => endWriting(one, true)))
  await Promise.all([...placing.values()].map((one) => one.end(true)))
  await placeAll(world.db, world.now)
  await reader.read()
  return { committed, seen: reader.seen }
}

const named = (events: readonly HubEvent[]): readonly string[] =>
  events.map(({ subject, sequence }) => `${subject} ${sequence}`)

/** Misses nothing, sees nothing twice nor what never happened, and each payment's in order. */
const isRight = ({ committed, seen }: Awaited<ReturnType<typeof live>>): boolean => {
  const newest = new Map<string, number>()
  const inOrder = seen.every(({ subject, sequence }) => {
    const before = newest.get(subject) ?? 0
    newest.set(subject, sequence)
    return sequence === before + 1
  })
  return inOrder && [...named(seen)].sort().join() === [...named(committed)].sort().join()
}

describe('who reads on from a cursor', () => {
  it('misses no event and sees none twice, each payment’s in order, whatever overtakes what', async () => {
    const law = fc.asyncProperty(anyStory, async (story) => {
      const lived = await live(story, byFeed)
      expect(isRight(lived), JSON.stringify(lived)).toBe(true)
    })
    await fc.assert(law, { numRuns: 40 })
  })

  it('would, going by time and id', async () => {
    const law = fc.asyncProperty(anyStory, async (story) => isRight(await live(story, byTime)))
    const { failed } = await fc.check(law, { numRuns: 200, endOnFailure: true })
    expect(failed).toBe(true)
  })
})
