import { fileURLToPath } from 'node:url'
import type { MigratedModule } from '../platform/db/migrate.ts'

/** Every module that keeps tables, in the order its tables are made. Beside the code, in `src` and in `dist` alike. */
export const MIGRATED_MODULES: readonly MigratedModule[] = [
  'platform',
  'merchants',
  'tasks',
  'notices',
  'payments',
].map((name) => ({
  name,
  folder: fileURLToPath(new URL(`../${name}/migrations`, import.meta.url)),
}))
