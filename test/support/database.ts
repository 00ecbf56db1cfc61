import { randomBytes } from 'node:crypto'
import { inject } from 'vitest'
import type { Db } from '../../src/platform/db/db.ts'
import { type DbOptions, openDb } from '../../src/platform/db/postgres.ts'
import { execute, urlOf } from './test-server.ts'

export type FreshDatabase = {
  readonly db: Db
  readonly url: string
  drop(): Promise<void>
}

/** A database of one test's own with every module's tables, in 15–30 ms. Drop it when done. */
export const freshDatabase = async (options: Omit<DbOptions, 'url'> = {}): Promise<FreshDatabase> => {
  const server = inject('databaseUrl')
  const name = `test_${randomBytes(8).toString('hex')}`
  await execute(server, `create database ${name} template ${inject('databaseTemplate')}`)
  const url = urlOf(server, name)
  const db = await openDb({ url, poolSize: 8, ...options })
  return {
    db,
    url,
    drop: async () => {
      await db.close()
      await execute(server, `drop database ${name} with (force)`)
    },
  }
}
