import { statfs } from 'node:fs/promises'
import { SECOND_MS } from '../../kernel/time.ts'
import type { MigrationState } from '../../platform/db/migrate.ts'
import type { ServerState } from '../../platform/db/state.ts'
import type { Config } from '../config.ts'
import { counted, error, type Found, warning } from './found.ts'

/** Servers, clock, durability, tables, room on the disk. Pure but for the disk. */

/** PostgreSQL 15, the floor of the README. */
const OLDEST_VERSION = 150_000
/** A node further off takes no jobs: see `/readyz`. */
const MAX_SKEW_MS = 2 * SECOND_MS

type Answering = Extract<ServerState, { answers: true }>

export const ofServers = (
  states: readonly ServerState[],
  { mode, poolSize }: Pick<Config, 'mode' | 'poolSize'>,
): readonly Found[] => {
  const answering = states.filter((state): state is Answering => state.answers)
  const writable = answering.filter((state) => state.writable)
  return [
    ...states.flatMap((state) => ofSilent(state, answering.length > 0)),
    ...(answering.length > 0 && writable.length === 0 ? [ofReadOnly(answering)] : []),
    ...answering.flatMap(ofVersion),
    ...writable.flatMap((state) => [...ofClock(state), ...ofDurability(state, mode), ...ofRoomFor(state, poolSize)]),
  ]
}

const ofSilent = (state: ServerState, others: boolean): readonly Found[] => {
  if (state.answers) return []
  const { server, why, refused } = state
  if (refused)
    return [
      error('database', `${server} does not let us in (${why}): check user, password and database in DATABASE_URL`),
    ]
  return others
    ? [
        warning(
          'database',
          `${server} does not answer (${why}): bring it back, for nobody can take over from the other now`,
        ),
      ]
    : [error('database', `${server} does not answer (${why}): start it, or correct DATABASE_URL`)]
}

const ofReadOnly = (answering: readonly Answering[]): Found => {
  const servers = answering.map(({ server, inRecovery }) => `${server}${inRecovery ? ' (in recovery)' : ''}`)
  return error(
    'database',
    `no server may be written to: ${servers.join(', ')}. Promote one, or name the primary in DATABASE_URL`,
  )
}

const ofVersion = ({ server, version }: Answering): readonly Found[] =>
  version >= OLDEST_VERSION
    ? []
    : [error('database', `${server} is PostgreSQL ${Math.floor(version / 10_000)}: upgrade it to 15 or later`)]

const ofClock = ({ server, skewMs }: Answering): readonly Found[] => {
  if (Math.abs(skewMs) <= MAX_SKEW_MS) return []
  const off = `${(Math.abs(skewMs) / SECOND_MS).toFixed(1)} s ${skewMs > 0 ? 'ahead of' : 'behind'}`
  return [
    error(
      'clock',
      `the clock of ${server} is ${off} this machine’s: set both by NTP; until then this process takes no jobs`,
    ),
  ]
}

const ofRoomFor = ({ server, mostConnections }: Answering, poolSize: number): readonly Found[] =>
  poolSize < mostConnections
    ? []
    : [
        warning(
          'database',
          `${server} takes ${mostConnections} connections, and one process may want ${poolSize}: lower EBIZNESS_DATABASE_CONNECTIONS or raise max_connections`,
        ),
      ]

/** In test mode a database may be careless. */
const ofDurability = ({ server, careless }: Answering, mode: Config['mode']): readonly Found[] => {
  if (careless.length === 0) return []
  const says = `${server} runs with ${careless.map((name) => `${name} = off`).join(', ')}: switch it on, or a crash may lose payments that were acknowledged`
  return [mode === 'live' ? error('database', says) : warning('database', says)]
}

export const ofMigrations = ({ missing, newer }: MigrationState): readonly Found[] => [
  ...(missing.length > 0
    ? [
        error(
          'database',
          `${counted(missing.length, 'change', 'changes')} of this release not yet made (${missing[0]}${missing.length > 1 ? ' …' : ''}): run ebizness migrate`,
        ),
      ]
    : []),
  ...(newer.length > 0
    ? [warning('database', `a newer release was here (${newer.at(-1)}): upgrade this installation too`)]
    : []),
]

/** Some days of work; PostgreSQL stops when it has none. */
const ENOUGH_BYTES = 2 * 1024 ** 3
const TOO_LITTLE_BYTES = 256 * 1024 ** 2

/** Of the embedded database's folder. */
export const ofDisk = async (folder: string): Promise<readonly Found[]> => {
  const { bavail, bsize } = await statfs(folder)
  return ofRoom(bavail * bsize, folder)
}

export const ofRoom = (bytes: number, folder: string): readonly Found[] => {
  if (bytes >= ENOUGH_BYTES) return []
  const says = `${Math.floor(bytes / 1024 ** 2)} MB left where the embedded database is (${folder}): make room, for without it no payment can be taken`
  return [bytes < TOO_LITTLE_BYTES ? error('disk', says) : warning('disk', says)]
}
