import { createHash } from 'node:crypto'
import { DAY_MS, HOUR_MS, type Instant, MINUTE_MS, SECOND_MS, toRfc3339 } from '../../src/kernel/time.ts'
import { chanceFrom } from '../torture/chance.ts'
import { type Evidence, gather, seenNow } from './evidence.ts'
import { type HubAtWork, openHub } from './hub.ts'
import type { Installation } from './installation.ts'
import { isSeen, judge, untoldOf } from './laws.ts'
import { flight, type Wire } from './network.ts'
import { type Moved, type Outside, openOutside } from './outside.ts'
import { cancel, order, pay, refund, type Surroundings } from './people.ts'
import { openStage } from './stage.ts'
import { weatherOf } from './weather.ts'

/** One schedule: a small world from a seed, lived through to the day when nothing more happens by itself, and judged. */
export type Lived = {
  readonly seed: number
  readonly breaches: readonly string[]
  readonly payments: number
  readonly executed: number
  /** Money of which no message came through and whose bank cannot be asked: left to the bank statement. */
  readonly untold: number
  /** Sums of money that were given at banks. */
  readonly moved: number
  readonly crashes: number
  /** What happened came to no end: the machine it was on can live no further one. */
  readonly isOver: boolean
  /** What happened, a line each. */
  readonly story: readonly string[]
  /** Of the story: two lives of one seed have the same. */
  readonly digest: string
}

export const live = async (installation: Installation, seed: number, forgetful: boolean): Promise<Lived> => {
  await installation.empty(seed)
  const chance = chanceFrom(seed)
  const weather = { ...weatherOf(chance), forgets: forgetful ? 0.1 : 0 }
  const stage = openStage(weather.startsAt)
  const story: string[] = []
  const tell = (line: string): void => {
    story.push(`${toRfc3339(stage.now())} ${line}`)
  }
  const wire: Wire = { stage, chance, weather, tell }
  const outside = openOutside()
  const hub = openHub(installation, wire, outside)
  hub.raise()
  populate(wire, hub.around)
  const whole = (rest: Pick<Lived, 'breaches' | 'payments' | 'executed' | 'isOver'>): Lived => ({
    seed,
    ...rest,
    moved: outside.moved.length,
    untold: untoldOf(outside).length,
    crashes: hub.crashes(),
    story,
    digest: createHash('sha256').update(story.join('\n')).digest('hex').slice(0, 16),
  })
  try {
    const end = await pass(installation, wire, hub, outside)
    for (const { view } of end.payments) tell(lastWordOf(view))
    const executed = end.payments.filter(({ view }) => view.status === 'executed').length
    const breaches = [...outside.breaches, ...judge(end, outside)]
    return whole({ breaches, payments: end.payments.length, executed, isOver: false })
  } catch (error) {
    const why = `the world came to a sudden end: ${error instanceof Error ? error.stack : String(error)}`
    return whole({ breaches: [...outside.breaches, why], payments: 0, executed: 0, isOver: true })
  }
}

const lastWordOf = (view: Evidence['payments'][number]['view']): string => {
  const attempts = view.attempts.map(({ offer, number, status }) => `${offer} ${number} ${status}`)
  const flags = view.attention.length > 0 ? `; for a person: ${view.attention.join(', ')}` : ''
  return `${view.id} is ${view.status}: ${attempts.join(', ')}${flags}`
}

// ---------------------------------------------------------------------------------------------------------------------- the people

const populate = (wire: Wire, around: Surroundings): void => {
  const { chance, stage } = wire
  const count = chance.pick(1, 1, 1, 2)
  const reference = `NIN-2026-${chance.between(1, 999)}`
  const orders: string[] = []
  for (let one = 1; one <= count; one++) {
    // The second is of the same reference now and then: taken only once the first is closed without money.
    const own = one === 1 || chance.happens(0.5) ? reference : `${reference}-${one}`
    orders.push(own)
    stage.plan(stage.now() + 5 * SECOND_MS + (one - 1) * chance.between(1, 90) * MINUTE_MS, () =>
      stage.start(`order ${one}`, undefined, () =>
        oneOrder(wire, around, own, one, orders.filter((other) => other === own).length === 1),
      ),
    )
  }
}

const oneOrder = async (
  wire: Wire,
  around: Surroundings,
  reference: string,
  place: number,
  isOnly: boolean,
): Promise<void> => {
  const { chance, stage } = wire
  const made = await order(around, reference, isOnly)
  if (!made) return
  const who = `payer ${place}`
  const later = (howOften: number, mostMs: number, what: string, work: () => Promise<void>): void => {
    if (chance.happens(howOften))
      stage.plan(stage.now() + chance.between(1, mostMs), () => stage.start(what, undefined, work))
  }
  later(0.15, 20 * MINUTE_MS, 'cancel', () => cancel(around, made))
  later(0.25, 2 * HOUR_MS, 'refund', () => refund(around, made))
  later(0.1, 30 * HOUR_MS, 'refund', () => refund(around, made))
  later(wire.weather.hasty, 5 * MINUTE_MS, 'another window', () => pay(around, made, `${who}, another window`))
  if (chance.happens(0.05)) return
  await pay(around, made, who)
  if (chance.happens(wire.weather.hasty)) await pay(around, made, `${who}, once more`)
  if (chance.happens(0.1))
    await around.ask(`${who} goes back`, () => new Request(`${made.payUrl}/return`, { method: 'POST' }))
}

// ---------------------------------------------------------------------------------------------------------------------------- time

const NEXT_DUE = `select
  (select min(greatest(run_at, coalesce(leased_until, run_at))) from platform.job where kind <> 'payments.forget-answers') as jobs,
  least((select min(due_at) from notices.dispatch), (select min(at) from notices.unplaced)) as notices`

/** A turn of something that should have been done at once, and was not. */
const AGAIN_MS = 2 * SECOND_MS
const MAX_STEPS = 20_000
const LATEST_MS = 70 * DAY_MS

type Due = Record<'jobs' | 'notices', Instant | null>

/** Choices by which the money moves later than the payer decides. */
const PAID_LATER_MS: Readonly<Record<string, number>> = { paid_hours_later: 12 * HOUR_MS }

/** Lets the world live until nothing happens by itself any more. */
const pass = async (installation: Installation, wire: Wire, hub: HubAtWork, outside: Outside): Promise<Evidence> => {
  const { stage, weather } = wire
  const wakenAt = { jobs: 0, notices: 0 }
  let due: Due | undefined
  let looked = 0
  let lookedAt = 0
  for (let steps = 0; steps < MAX_STEPS; steps++) {
    const next = stage.next() ?? Number.POSITIVE_INFINITY
    if (next >= lookedAt + weather.looksEveryMs && hub.moved()) {
      lookedAt = stage.now()
      due = (await installation.pool.query<Due>(NEXT_DUE)).rows[0]
    }
    for (const kind of ['jobs', 'notices'] as const) {
      const at = Math.max(due?.[kind] ?? Number.POSITIVE_INFINITY, stage.now(), wakenAt[kind] + AGAIN_MS)
      if (at > Math.min(next, weather.startsAt + LATEST_MS)) continue
      wakenAt[kind] = at
      stage.plan(at + flight(wire), () => hub.wake(kind))
    }
    for (; looked < outside.knowable.length; looked++)
      lookADayLater(installation, wire, outside, outside.knowable[looked])
    if (stage.next() === undefined) return gather(installation, stage, hub.around)
    await stage.step()
  }
  throw new Error('the world comes to no end')
}

const lookADayLater = (
  installation: Installation,
  { stage }: Wire,
  outside: Outside,
  moved: Moved | undefined,
): void => {
  if (!moved) return
  const { channel, choice, number } = moved
  stage.plan((moved.toldAt ?? moved.at + (PAID_LATER_MS[choice] ?? 0)) + DAY_MS, async () => {
    const seen = await seenNow(installation, moved)
    if (seen && isSeen(moved, seen.status, seen.attention)) return
    outside.breaches.push(
      `a day after ${channel} took money (${choice}) for order ${number} the hub says ${seen?.status}`,
    )
  })
}
