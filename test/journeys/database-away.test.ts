import { rmSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MIGRATED_MODULES } from '../../src/app/migrations.ts'
import { type Embedded, startEmbedded } from '../../src/platform/db/embedded.ts'
import { migrate } from '../../src/platform/db/migrate.ts'
import { openDb } from '../../src/platform/db/postgres.ts'
import { silentLog } from '../../src/platform/log.ts'
import { bankNotice, keptMessages, sendNotice } from '../support/bank-notice.ts'
import { startTestHub, type TestHub } from '../support/hub.ts'
import { visit } from '../support/payer.ts'
import { seededFolder } from '../support/seed.ts'
import { chosen, noticesOf, orderAtBank, orderBody, ordered, truth } from '../support/story.ts'
import { execute } from '../support/test-server.ts'

/** The hub's own server goes and comes back; the hub is not touched. */

let folder: string
let server: Embedded
let hub: TestHub
beforeAll(async () => {
  folder = await seededFolder('ebizness-away-')
  server = await startEmbedded({ dataDir: folder, log: silentLog })
  await migrate({ url: server.url, modules: MIGRATED_MODULES, log: silentLog })
  const db = await openDb({ url: server.url, poolSize: 8 })
  hub = await startTestHub({ database: { db, url: server.url, drop: () => db.close() } })
})
afterAll(async () => {
  await hub.stop()
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** Ends the server at once, as a crash does: by the number it writes down itself. */
const crash = async (): Promise<void> => {
  const [row] = await execute<{ pid: number }>(
    server.url,
    "select split_part(pg_read_file('postmaster.pid'), e'\\n', 1)::int as pid",
  )
  if (!row) throw new Error('the server has no number')
  process.kill(row.pid, 'SIGQUIT')
  await expect
    .poll(
      () =>
        execute(server.url, 'select 1').then(
          () => 'there',
          () => 'away',
        ),
      { timeout: 20_000 },
    )
    .toBe('away')
}

const comeBack = async (): Promise<void> => {
  server = await startEmbedded({ dataDir: folder, log: silentLog })
}

describe('the database goes away and comes back', () => {
  it('API, pages and banks are told so, nothing that was acknowledged is lost, and all goes on by itself', async () => {
    const order = await ordered(hub)
    await chosen(hub, order.payUrl, 'sandbox')
    const { number } = orderAtBank(hub, 'sandbox')
    const notice = bankNotice(hub, { number, reference: order.reference })
    const [body, idempotencyKey] = [orderBody(hub), 'while-away']
    await crash()

    const [created, page, told, ready, alive] = await Promise.all([
      hub.api('POST', '/v1/payments', body, { idempotencyKey }),
      visit(`${order.payUrl}?lang=en`),
      sendNotice(hub, notice),
      fetch(`${hub.root}/readyz`),
      fetch(`${hub.root}/healthz`),
    ])
    expect([created.status, created.body.code]).toEqual([503, 'unavailable'])
    expect(created.body.title).toBe('The hub cannot reach its database')
    expect(created.headers.get('content-type')).toBe('application/problem+json')
    expect(Number(created.headers.get('retry-after'))).toBeGreaterThan(0)
    expect([page.status, page.page]).toEqual([503, 'problem-unavailable'])
    expect([told.status, ready.status, alive.status]).toEqual([503, 503, 200])

    await comeBack()
    const answered = () => hub.api('POST', '/v1/payments', body, { idempotencyKey }).then(({ status }) => status)
    await expect.poll(answered, { timeout: 20_000 }).toBe(201)
    expect((await visit(order.payUrl)).page).toBe('processing-asking')
    expect((await fetch(`${hub.root}/readyz`)).status).toBe(200)
    expect((await sendNotice(hub, notice)).status).toBe(200)
    expect((await keptMessages(hub)).filter(({ purpose }) => purpose === 'notice').length).toBe(1)
    await hub.settle()
    expect(await truth(hub, order.id)).toMatchObject({ status: 'executed', paidAmount: 12_345 })
    expect(noticesOf(hub, order.id)).toEqual(['payment.started', 'payment.executed'])
  })
})
