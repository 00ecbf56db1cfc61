import { randomUUID } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'
import { freePorts } from '../support/ports.ts'
import { embeddedDatabase } from '../torture/database.ts'
import { offered, setUp } from '../torture/hubs.ts'
import { openLedger } from '../torture/ledger.ts'
import { type Counts, startBalancer } from './balancer.ts'
import { releaseAt } from './release.ts'

export type Rolling = {
  /** The built command line. */
  readonly program: string
  readonly drainSeconds: number
  /** Orders between two steps. */
  readonly stepOrders: number
  readonly folder: string
}

export type Rolled = {
  readonly balancer: Counts
  /** Of each process that was asked to stop. */
  readonly goneMs: readonly number[]
  readonly orders: number
  readonly breaches: readonly string[]
}

const AT_ONCE = 8
const STEP_WAIT_MS = 60_000
const POLL_MS = 20
const Ordered = z.object({ payUrl: z.url() })

/** Two hubs under traffic, one stopped and started again, then the other stopped: nobody tells the balancer, which looks at `/readyz`. */
export const rollOver = async ({ program, drainSeconds, stepOrders, folder }: Rolling): Promise<Rolled> => {
  const ledger = openLedger()
  const balancer = await startBalancer()
  const home = join(folder, 'hub')
  mkdirSync(home, { mode: 0o711 })
  const environment = {
    EBIZNESS_PUBLIC_URL: balancer.root,
    EBIZNESS_DATA_DIR: home,
    EBIZNESS_MODE: 'test',
    EBIZNESS_LOG_LEVEL: 'warn',
    EBIZNESS_DRAIN_SECONDS: String(drainSeconds),
  }
  const parts = { folder, program, environment, breaches: ledger.breaches }
  const hubs = (await freePorts(2)).map((port, place) => releaseAt({ ...parts, port, name: `hub-${place + 1}` }))
  try {
    for (const hub of hubs) {
      await hub.start()
      balancer.follow(hub.port)
      await until(() => balancer.has(hub.port))
    }
    const [first] = hubs
    if (!first) throw new Error('there is no hub')
    const { apiKey } = await setUp(first.command, folder, { bankRoot: balancer.root, shopRoot: balancer.root })
    for (const { port } of hubs) await offered(ledger, `http://localhost:${port}`, apiKey)
    const traffic = sendOrders(balancer.root, apiKey, ledger.breaches)
    const goneMs: number[] = []
    for (const hub of hubs) {
      await traffic.more(stepOrders)
      goneMs.push(await hub.stop())
      await traffic.more(stepOrders)
      if (hub !== first) break
      await hub.start()
      await until(() => balancer.has(hub.port))
    }
    const orders = await traffic.stop()
    return { balancer: balancer.counts, goneMs, orders, breaches: ledger.breaches }
  } finally {
    for (const hub of hubs) await hub.stop()
    await embeddedDatabase(folder).end()
    await balancer.stop()
  }
}

const until = async (holds: () => boolean): Promise<void> => {
  const end = performance.now() + STEP_WAIT_MS
  while (!holds()) {
    if (performance.now() > end) throw new Error(`nothing goes on, for ${STEP_WAIT_MS / 1000} s now`)
    await pause(POLL_MS)
  }
}

/** Each order and its payer's first page. Nobody repeats anything: what fails has failed. */
const sendOrders = (root: string, apiKey: string, breaches: string[]) => {
  let orders = 0
  let over = false
  const order = async (): Promise<void> => {
    const answer = await fetch(`${root}/v1/payments`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${apiKey}`,
        'content-type': 'application/json',
        'idempotency-key': randomUUID(),
      },
      body: JSON.stringify({
        reference: `R-${++orders}`,
        amount: 100,
        currency: 'EUR',
        description: 'Rolling',
        returnUrl: `${root}/back`,
      }),
    })
    const text = await answer.text()
    if (answer.status !== 201) throw new Error(`an order was answered ${answer.status}: ${text}`)
    const page = await fetch(Ordered.parse(JSON.parse(text)).payUrl)
    await page.text()
    if (page.status !== 200) throw new Error(`a page was answered ${page.status}`)
  }
  const work = async (): Promise<void> => {
    while (!over) await order().catch((fault: unknown) => void breaches.push(String(fault)))
  }
  const workers = Array.from({ length: AT_ONCE }, work)
  return {
    more: (count: number) => {
      const enough = orders + count
      return until(() => orders >= enough)
    },
    stop: async (): Promise<number> => {
      over = true
      await Promise.all(workers)
      return orders
    },
  }
}
