import { randomBytes } from 'node:crypto'
import type { Random } from '../kernel/ids.ts'
import { type Clock, systemClock } from '../kernel/time.ts'
import { openSealer, type Sealer } from '../platform/crypto/index.ts'
import type { Db } from '../platform/db/db.ts'
import { type HttpClient, openClient } from '../platform/http/client.ts'
import type { Jobs } from '../platform/jobs/jobs.ts'
import { createJobs } from '../platform/jobs/queue.ts'
import { createLog, type Log } from '../platform/log.ts'
import { openTasks, type Tasks } from '../tasks/index.ts'
import { masterKeysOf, openStorage, outboundPolicyOf } from './compose.ts'
import { readConfig } from './config.ts'

/** What a module is opened with, for a program that uses one of them without the hub: `openNotices(await openParts(process.env))`. */
export type OpenedParts = {
  readonly db: Db
  /** The only way out: addresses checked, sizes and times limited. */
  readonly client: HttpClient
  readonly clock: Clock
  readonly random: Random
  /** What may be stored of a secret. */
  readonly sealer: Sealer
  readonly jobs: Jobs
  readonly tasks: Tasks
  readonly log: Log
  /** Lets go of network and database. Stop the modules first. */
  close(): Promise<void>
}

/** By the names of docs/operating/configure.md, as `mountHub`. The database is brought up to this release. Throws one sentence a line of what is wrong. */
export const openParts = async (environment: Readonly<Record<string, string | undefined>>): Promise<OpenedParts> => {
  const config = readConfig(environment, 'live')
  if (!config.ok) throw new Error(config.error.join('\n'))
  const log = createLog({ level: config.value.logLevel })
  const storage = await openStorage(config.value, log, { atWork: true })
  try {
    const clock = systemClock
    const random: Random = (size) => new Uint8Array(randomBytes(size))
    const client = openClient({ policy: outboundPolicyOf(config.value) })
    return {
      db: storage.db,
      client,
      clock,
      random,
      sealer: openSealer(masterKeysOf(config.value, storage), random),
      jobs: createJobs({ db: storage.db, clock }),
      tasks: openTasks(random),
      log,
      close: async () => {
        await client.close()
        await storage.close()
      },
    }
  } catch (fault) {
    await storage.close()
    throw fault
  }
}
