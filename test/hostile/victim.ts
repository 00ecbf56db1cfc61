import { readFileSync, rmSync } from 'node:fs'
import { type FreshDatabase, freshDatabase } from '../support/database.ts'
import { runProgram } from '../support/program.ts'
import { openTempFolder } from '../support/test-server.ts'
import { openLedger, type Written } from './ledger.ts'

/** The built hub as a process of its own, with everything that can be seen of it from outside. */
export type Victim = {
  readonly port: number
  /** An API key of its demo e-service. */
  readonly key: string
  /** Where an order of that e-service may send the payer back. */
  readonly returnUrl: string
  /** What it said, log and all. */
  readonly said: () => string
  /** Memory that it holds now. */
  residentMb(): number
  /** Requests by the status it counted for them. */
  counted(): Promise<ReadonlyMap<number, number>>
  /** What was written in its database since this was asked last. */
  written(): Promise<readonly Written[]>
  stop(): Promise<void>
}

export const startVictim = async (): Promise<Victim> => {
  const database: FreshDatabase = await freshDatabase()
  const folder = openTempFolder('ebizness-hostile-')
  const env = { DATABASE_URL: database.url }
  const program = await runProgram(['demo'], { folder, env })
  const port = Number((await program.says(/the payment hub +http:\/\/\S+:(\d+)/))[1])
  const root = `http://127.0.0.1:${port}`
  const [, shopRoot = ''] = await program.says(/pay a bill: +(http:\S+)/)
  const made = await runProgram(['keys', 'create', '--e-service', 'property-tax', '--json'], {
    folder,
    env: { ...env, EBIZNESS_MODE: 'test' },
  })
  const key = /sk_test_\w+/.exec((await made.ends()).said)?.[0]
  if (key === undefined) throw new Error('no API key was made')
  const ledger = await openLedger(database.url)
  return {
    port,
    key,
    returnUrl: `${new URL(shopRoot).origin}/back`,
    said: program.said,
    residentMb: () =>
      Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${program.child.pid}/status`, 'utf8'))?.[1]) / 1024,
    counted: async () => countedIn(await (await fetch(`${root}/metrics`)).text()),
    written: ledger.written,
    stop: async () => {
      await program.stop()
      await ledger.close()
      await database.drop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

const countedIn = (metrics: string): ReadonlyMap<number, number> => {
  const counted = new Map<number, number>()
  for (const [, status, count] of metrics.matchAll(/^ebizness_http_request_seconds_count\{.*status="(\d+)"\} (\d+)/gm))
    counted.set(Number(status), (counted.get(Number(status)) ?? 0) + Number(count))
  return counted
}

export type Health = {
  readonly asked: number
  /** Within which 99 of 100 were answered; what came between is the besieger's own haste as well. */
  readonly mostMs: number
  readonly slowestMs: number
  readonly faults: readonly string[]
}

/** Asks all the while, each time over a new connection as a payer would. */
export const watchHealth = (port: number): { stop(): Promise<Health> } => {
  let stopped = false
  const watched = (async (): Promise<Health> => {
    const tookMs: number[] = []
    const faults: string[] = []
    while (!stopped) {
      const begun = performance.now()
      const path = tookMs.length % 2 === 0 ? '/healthz' : '/readyz'
      const answer = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { connection: 'close' } }).catch(String)
      tookMs.push(performance.now() - begun)
      if (typeof answer === 'string' || !answer.ok)
        faults.push(`${path}: ${typeof answer === 'string' ? answer : answer.status}`)
      else await answer.text()
    }
    const [slowestMs = 0, ...others] = tookMs.sort((a, b) => b - a)
    const mostMs = others[Math.floor(tookMs.length / 100) - 1] ?? slowestMs
    return { asked: tookMs.length, mostMs, slowestMs, faults }
  })()
  return {
    stop: () => {
      stopped = true
      return watched
    },
  }
}
