import { randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { Random } from '../../kernel/ids.ts'
import type { Clock, Instant } from '../../kernel/time.ts'
import type { Db } from '../db/db.ts'
import type { Log } from '../log.ts'
import type { JobHandler, Worker } from './jobs.ts'
import { BEAT_MS, openLeases } from './leases.ts'
import { onJobSet, POLL_MS } from './queue.ts'
import { type ClaimedJob, claimJobs, type FinishedJob, finishJobs, JOB_CHANNEL, type Wanted } from './store.ts'

export type WorkerOptions = {
  readonly db: Db
  /** What is due is judged by it, and leases too: the system's, or one that a test moves. */
  readonly clock: Clock
  readonly log: Log
  /** The system's unless told. */
  readonly random?: Random
  /** Told of every run, for metrics. */
  readonly count?: (kind: string, outcome: Outcome) => void
  /** Calls back now and then, until stopped; every five seconds unless told. */
  readonly pulse?: (beat: () => void) => () => void
}

const everyBeat = (beat: () => void): (() => void) => {
  const timer = setInterval(beat, BEAT_MS).unref()
  return () => clearInterval(timer)
}

/** `overtaken`: its lease had ended before it did, and another run holds the job now. */
export type Outcome = 'done' | 'again' | 'fault' | 'overtaken'

/** Further from the database's clock this machine claims nothing: it would take what is not due, or others' leases. */
const MAX_SKEW_MS = 2_000
const SKEW_CHECK_MS = 5_000
const FIRST_DELAY_MS = 1_000
const LONGEST_DELAY_MS = 300_000
/** In `drain`: taken at once, and a bound that only a job which is always due can reach. */
const DRAIN_BATCH = 32
const DRAIN_BOUND = 100_000

/** After so many failed runs before this one: 1 s doubling to 5 min, and up to a tenth more, so that what failed together parts. */
export const delayAfter = (tries: number, random: Random = systemRandom): number =>
  Math.min(FIRST_DELAY_MS * 2 ** Math.min(tries, 20), LONGEST_DELAY_MS) * (1 + number48(random) / 2 ** 48 / 10)

const systemRandom: Random = (size) => new Uint8Array(randomBytes(size))
const number48 = (random: Random): number => Buffer.from(random(6)).readUIntBE(0, 6)

/** A number that no other claim has: 48 random bits, and never zero. */
const newFence = (random: Random = systemRandom): number => number48(random) || 1

export const createWorker = (options: WorkerOptions): Worker => {
  let running: { stop(graceMs: number): Promise<void> } | undefined
  return {
    start: (handlers) => {
      running ??= startLoop(options, handlers)
    },
    stop: async (graceMs) => {
      await running?.stop(graceMs)
      running = undefined
    },
    drain: (handlers) => drain(options, handlers),
  }
}

const drain = async (options: WorkerOptions, handlers: readonly JobHandler[]): Promise<number> => {
  const { db, clock, random } = options
  let ran = 0
  for (;;) {
    const wanted = handlers.map(({ kind, leaseMs }) => ({ kind, leaseMs, limit: DRAIN_BATCH }))
    const claimed = await claimJobs(db, wanted, clock.now(), newFence(random))
    if (claimed.length === 0) return ran
    const ended: FinishedJob[] = []
    for (const job of claimed) ended.push(await runOne(options, handlers, job))
    await finishJobs(db, ended)
    ran += claimed.length
    if (ran > DRAIN_BOUND) throw new Error(`${claimed[0]?.kind} ${claimed[0]?.key} is due again and again`)
  }
}

/** Runs one claimed job to its end, whatever it is. */
const runOne = async (
  { clock, log, count, random }: WorkerOptions,
  handlers: readonly JobHandler[],
  job: ClaimedJob,
): Promise<FinishedJob> => {
  const { kind, key, payload, tries, fence } = job
  try {
    const handler = handlers.find((one) => one.kind === kind)
    if (!handler) throw new Error(`nobody handles ${kind}`)
    const next = await handler.run({ key, payload, tries }, clock.now())
    count?.(kind, next === undefined ? 'done' : 'again')
    return { kind, key, fence, next, tries: 0 }
  } catch (error) {
    count?.(kind, 'fault')
    log.error({ error, kind, key, tries }, 'a job failed; it will be run again')
    return { kind, key, fence, next: clock.now() + Math.round(delayAfter(tries, random)), tries: tries + 1 }
  }
}

type Loop = { stop(graceMs: number): Promise<void> }

/**
 * One turn: write how runs ended, then claim for the places that are free. While a turn waits for the database further runs end and
 * further jobs fall due, so that turns batch by themselves the more there is to do.
 */
const startLoop = (options: WorkerOptions, handlers: readonly JobHandler[]): Loop => {
  const { db, clock, log, count, random, pulse = everyBeat } = options
  const busy = new Map(handlers.map(({ kind }) => [kind, 0]))
  const ended: FinishedJob[] = []
  /** Kinds of which more may be due than the last claim took. */
  let look = new Set(busy.keys())
  let stopping = false
  let abandoned = false
  const bell = createBell()
  const leases = openLeases(options)
  // One that is lost is made up by the next; that the database is away is told by the loop.
  const stopPulse = pulse(() => void leases.beat().catch(() => {}))
  const fits = createSkewCheck(db, log)

  const lookAtAll = (): void => {
    look = new Set(busy.keys())
  }
  const wake = (runAt: Instant): void => {
    const inMs = runAt - clock.now()
    if (inMs > 0) {
      setTimeout(wake, inMs, runAt).unref()
      return
    }
    lookAtAll()
    bell.ring()
  }

  const run = (job: ClaimedJob): void => {
    busy.set(job.kind, (busy.get(job.kind) ?? 0) + 1)
    leases.hold(job, handlers.find(({ kind }) => kind === job.kind)?.leaseMs ?? 0)
    void runOne(options, handlers, job).then((end) => {
      ended.push(end)
      busy.set(job.kind, (busy.get(job.kind) ?? 1) - 1)
      bell.ring()
    })
  }

  const writeEnded = async (): Promise<void> => {
    const batch = ended.splice(0)
    if (batch.length === 0) return
    try {
      for (const job of await finishJobs(db, batch)) {
        count?.(job.kind, 'overtaken')
        log.warn({ kind: job.kind, key: job.key }, 'a job ran longer than its lease; another run has it')
      }
    } catch (error) {
      ended.unshift(...batch)
      throw error
    }
    for (const end of batch) leases.letGo(end)
    // One that is to run again may be due already.
    if (batch.some(({ next }) => next !== undefined && next <= clock.now())) lookAtAll()
  }

  const claim = async (): Promise<void> => {
    const wanted: Wanted[] = handlers
      .map(({ kind, atOnce, leaseMs }) => ({
        kind,
        leaseMs: leases.first(leaseMs),
        limit: atOnce - (busy.get(kind) ?? 0),
      }))
      .filter(({ kind, limit }) => limit > 0 && look.has(kind))
    if (stopping || wanted.length === 0 || !(await fits())) return
    for (const { kind } of wanted) look.delete(kind)
    const claimed = await claimJobs(db, wanted, clock.now(), newFence(random))
    for (const { kind, limit } of wanted) {
      if (claimed.filter((job) => job.kind === kind).length === limit) look.add(kind)
    }
    for (const job of claimed) run(job)
  }

  const hasPlace = (): boolean => handlers.some(({ kind, atOnce }) => look.has(kind) && (busy.get(kind) ?? 0) < atOnce)
  const isIdle = (): boolean => ended.length === 0 && [...busy.values()].every((count) => count === 0)

  const loop = async (): Promise<void> => {
    let failures = 0
    while (!abandoned && !(stopping && isIdle())) {
      try {
        await writeEnded()
        await claim()
        failures = 0
      } catch (error) {
        if (failures++ === 0) log.warn({ error }, 'jobs wait for the database')
        lookAtAll()
        await pause(POLL_MS, undefined, { ref: false })
        continue
      }
      const moreToDo = ended.length > 0 || (!stopping && hasPlace())
      if (!moreToDo && (await bell.wait(POLL_MS)) === 'silence') lookAtAll()
    }
  }

  const unhook = onJobSet(db, wake)
  const unlisten = db.listen(JOB_CHANNEL, () => wake(clock.now()))
  const finished = loop()
  return {
    stop: async (graceMs) => {
      stopping = true
      unhook()
      bell.ring()
      await Promise.race([finished, pause(graceMs, undefined, { ref: false })])
      abandoned = true
      stopPulse()
      bell.ring()
      await (await unlisten)()
    },
  }
}

/** Rings once however often it is struck, also when nobody is waiting. */
const createBell = () => {
  let rung = false
  let heard: (() => void) | undefined
  const ring = (): void => {
    rung = true
    heard?.()
  }
  return {
    ring,
    wait: (mostMs: number): Promise<'bell' | 'silence'> =>
      new Promise((resolve) => {
        const end = (why: 'bell' | 'silence'): void => {
          clearTimeout(timer)
          heard = undefined
          rung = false
          resolve(why)
        }
        const timer = setTimeout(() => end('silence'), mostMs)
        heard = () => end('bell')
        if (rung) heard()
      }),
  }
}

/** Whether this machine's clock agrees with the database's, asked now and then. */
const createSkewCheck = (db: Db, log: Log): (() => Promise<boolean>) => {
  let agrees = true
  let askedAt = Number.NEGATIVE_INFINITY
  return async () => {
    if (performance.now() - askedAt < SKEW_CHECK_MS) return agrees
    const skewMs = Math.round(await db.clockSkewMs())
    askedAt = performance.now()
    const now = Math.abs(skewMs) <= MAX_SKEW_MS
    if (now !== agrees)
      log.error({ skewMs }, now ? 'clocks agree again: jobs run' : 'clocks differ: no job is claimed here')
    agrees = now
    return agrees
  }
}
