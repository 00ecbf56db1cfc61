import { setTimeout as pause } from 'node:timers/promises'
import type pg from 'pg'
import type { World } from '../../src/sandbox/index.ts'
import { execute } from '../support/test-server.ts'
import { type Asked, allPayments, wholeFeed } from './feed.ts'
import type { Receiver } from './receiver.ts'
import { type Evidence, judge, type Verdict } from './verdict.ts'

/** The end: waits until nothing is on its way, and judges. */

type Task = Evidence['tasks'][number]
export type Settling = {
  readonly asked: Asked
  readonly world: World
  readonly receiver: Receiver
  readonly followed: Evidence['followed']
  /** Of the database. */
  url(): string
  /** Ends the leases of those who died, instead of waiting for it. */
  readonly hurry: boolean
}

/** A job of a dead hub is another's after two minutes, a notice after one; the banks repeat theirs each minute. */
const SETTLE_MS = 360_000
/** Where nobody waits for leases, what is missing by then is told before the test's own time is over. */
const HURRIED_MS = 120_000
const SETTLE_PAUSE_MS = 2_000

export type Settled = { readonly verdict: Verdict; readonly evidence: Evidence }

/** Looks until nothing is missing, or for as long as anything may rightly be under way. What is gone at two looks is lost. */
export const settle = async ({ asked, world, receiver, followed, url, hurry }: Settling): Promise<Settled> => {
  const end = performance.now() + (hurry ? HURRIED_MS : SETTLE_MS)
  let wasGone = false
  for (;;) {
    if (hurry) await endLeases(url)
    const payments = await allPayments(asked)
    const feed = await wholeFeed(asked)
    const tasks = await patiently<Task>(url, 'select kind, subject from tasks.task where closed_at is null')
    const { ledger } = asked
    const orders = world.orders()
    const evidence = { ledger, payments, tasks, orders, heard: receiver.heard, feed, followed }
    const verdict = judge(evidence)
    const isLost = wasGone && verdict.paymentsGone > 0
    if (verdict.breaches.length === 0 || isLost || performance.now() > end) return { verdict, evidence }
    wasGone = verdict.paymentsGone > 0
    await pause(SETTLE_PAUSE_MS)
  }
}

/** What a minute or two would do: the leases of those who died run out. */
const endLeases = async (url: () => string): Promise<void> => {
  await patiently(
    url,
    `update notices.dispatch set due_at = now()
     where claims > 0 and due_at > now() and due_at < now() + interval '61 seconds'`,
  )
  await patiently(url, 'update platform.job set leased_until = now() where leased_until > now()')
}

/** For a moment the hubs may use every connection that a small server has. */
const MAX_TRIES = 60
const AGAIN_MS = 500

/** `url` is asked for anew each time: another server may be the primary by then. */
export const patiently = async <Row extends pg.QueryResultRow>(
  url: () => string,
  sql: string,
): Promise<readonly Row[]> => {
  for (let tried = 1; ; tried++) {
    try {
      return await execute<Row>(url(), sql)
    } catch (error) {
      if (tried === MAX_TRIES) throw error
      await pause(AGAIN_MS)
    }
  }
}
