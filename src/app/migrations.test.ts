import { expect, it } from 'vitest'
import { freshDatabase } from '../../test/support/database.ts'
import { statement } from '../platform/db/db.ts'
import { migrate } from '../platform/db/migrate.ts'
import { MIGRATED_MODULES } from './migrations.ts'

it('every module’s tables are made in its own schema, and nothing is left to do', async () => {
  const fresh = await freshDatabase()
  expect(await migrate({ url: fresh.url, modules: MIGRATED_MODULES })).toEqual([])
  const SCHEMAS = statement<{ schema: string }>(
    't.schemas',
    `select distinct table_schema as schema from information_schema.tables
     where table_schema not in ('pg_catalog', 'information_schema') order by 1`,
  )
  const schemas = (await fresh.db.query(SCHEMAS)).map(({ schema }) => schema)
  expect(schemas).toEqual(MIGRATED_MODULES.map(({ name }) => name).toSorted())
  await fresh.drop()
})
