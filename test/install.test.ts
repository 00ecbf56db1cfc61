import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { MIGRATED_MODULES } from '../src/app/migrations.ts'
import { migrate } from '../src/platform/db/migrate.ts'
import { openDb } from '../src/platform/db/postgres.ts'
import { startTestHub, type TestHub } from './support/hub.ts'
import { chosen, decided, noticesOf, ordered, truth } from './support/story.ts'
import { execute, urlOf } from './support/test-server.ts'

/** The two roles of docs/operating/install.md, as its statements make them: one owns, one serves, and least rights are enough. */

const page = readFileSync(join(import.meta.dirname, '../docs/operating/install.md'), 'utf8')
const [asSuperuser = [], inDatabase = []] = [...page.matchAll(/```sql\n([\s\S]*?)```/g)].map(([, text = '']) =>
  text.split(/;\n/).filter((statement) => statement.trim() !== ''),
)

const server = inject('databaseUrl')
const cma = urlOf(server, 'cma')
const as = (role: string): string => {
  const url = new URL(cma)
  url.username = role
  return url.href
}

beforeAll(async () => {
  for (const statement of asSuperuser) await execute(server, statement)
  for (const statement of inDatabase) await execute(cma, statement)
})
afterAll(async () => {
  await execute(server, 'drop database cma with (force)')
  await execute(server, 'drop role cma')
  await execute(server, 'drop role cma_owner')
})

describe('a hub whose role may only serve', () => {
  let hub: TestHub | undefined
  afterAll(() => hub?.stop())

  it('says in one sentence that the owner must make the tables first', async () => {
    await expect(migrate({ url: as('cma'), modules: MIGRATED_MODULES })).rejects.toThrow(
      /^the database is older than this release, and its role may not change tables: run "ebizness migrate" as the role that owns them/,
    )
  })

  it('serves a payment from the order to its notice once they are there', async () => {
    expect(await migrate({ url: as('cma_owner'), modules: MIGRATED_MODULES })).not.toEqual([])
    expect(await migrate({ url: as('cma'), modules: MIGRATED_MODULES })).toEqual([])
    const db = await openDb({ url: as('cma'), poolSize: 8 })
    hub = await startTestHub({ database: { db, url: as('cma'), drop: () => db.close() } })
    const order = await ordered(hub)
    await chosen(hub, order.payUrl, 'sandbox')
    await decided(hub, 'sandbox', 'pay')
    await hub.settle()
    expect((await truth(hub, order.id)).status).toBe('executed')
    expect(noticesOf(hub, order.id).at(-1)).toBe('payment.executed')
  })

  it.each([
    'create schema mine',
    'create table payments.mine (n int)',
    'drop table payments.fact',
    'truncate payments.fact',
    'alter table payments.payment add column mine int',
  ])('may not %s', async (statement) => {
    await expect(execute(as('cma'), statement)).rejects.toThrow(/permission denied|must be owner/)
  })
})
