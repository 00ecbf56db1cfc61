import { execute, startTestServer, urlOf } from '../support/test-server.ts'
import { install } from './installation.ts'
import { type Lived, live } from './world.ts'

/** Lives through many schedules of one seed. A schedule has a seed of its own, by which it can be lived through again. */
export type Run = {
  readonly schedules: number
  readonly payments: number
  readonly executed: number
  readonly untold: number
  readonly moved: number
  readonly crashes: number
  readonly failures: readonly Lived[]
  readonly tookMs: number
}

export type RunOptions = {
  readonly url: string
  /** Where the built stylesheets lie. */
  readonly assets: string
  readonly seeds: Iterable<number>
  /** The database says now and then that it has committed what it has not: to see that losses are seen. */
  readonly forgetful: boolean
  readonly each?: (lived: Lived) => void
}

/** Schedules of one seed: far from each other, and the same on every machine. */
export function* seedsFrom(seed: number, from: number, until: number, step: number): Generator<number> {
  for (let place = from; place < until; place += step) yield seedOf(seed, place)
}

const seedOf = (seed: number, place: number): number => {
  let mixed = (Math.imul(seed | 0, 0x9e3779b1) ^ Math.imul(place + 1, 0x85ebca6b)) >>> 0
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d) >>> 0
  return (mixed ^ (mixed >>> 13)) >>> 0
}

export const simulate = async ({ url, assets, seeds, forgetful, each }: RunOptions): Promise<Run> => {
  const began = performance.now()
  const installation = await install(url, assets)
  const failures: Lived[] = []
  const sums = { schedules: 0, payments: 0, executed: 0, untold: 0, moved: 0, crashes: 0 }
  try {
    for (const seed of seeds) {
      const lived = await live(installation, seed, forgetful)
      sums.schedules++
      sums.payments += lived.payments
      sums.executed += lived.executed
      sums.untold += lived.untold
      sums.moved += lived.moved
      sums.crashes += lived.crashes
      if (lived.breaches.length > 0) failures.push(lived)
      each?.(lived)
      if (lived.isOver) break
    }
  } finally {
    await installation.close()
  }
  return { ...sums, failures, tookMs: Math.round(performance.now() - began) }
}

/** A throw-away PostgreSQL with an empty database for each of these names; their addresses, in the same order. */
export const startDatabases = async (names: readonly string[]) => {
  const server = await startTestServer()
  for (const name of names) await execute(server.url, `create database ${name} template ${server.template}`)
  return { folder: server.folder, urls: names.map((name) => urlOf(server.url, name)), stop: server.stop }
}
