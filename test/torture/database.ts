import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { freePorts } from '../support/ports.ts'
import { execute } from '../support/test-server.ts'
import { type Cluster, openCluster, type Pids, pidsOf } from './cluster.ts'
import { startCutter } from './cutter.ts'

/** The hubs' database, to be struck. It comes back by itself: the embedded one by the hubs' doing, the other by ours, as by systemd's. */
export type Database = Pids & {
  /** What the hubs are told. */
  readonly environment: Readonly<Record<string, string>>
  /** Of the one that may be written to, for us. */
  url(): string
  /** Cuts the answers to the next so many commits; absent where no wire of ours leads to it. */
  readonly cutAnswers?: (count: number) => void
  /** How many were. */
  readonly answersCut?: () => number
  /** Destroys the primary, promotes the standby, and makes another standby of the ruin. */
  readonly failOver?: () => Promise<void>
  end(): Promise<void>
}

const POLL_MS = 20

/** Where the hubs of this folder keep their embedded one. They start it, adopt it, and bring it back. */
export const embeddedDatabase = (folder: string): Database => {
  const home = join(folder, 'hub')
  const pids = pidsOf(join(home, 'postgres/postgres'))
  return {
    environment: {},
    url: () => `postgres://postgres@localhost/postgres?host=${encodeURIComponent(join(home, 'postgres/socket'))}`,
    ...pids,
    end: async () => {
      const pid = pids.pid()
      if (pid !== undefined) process.kill(pid, 'SIGINT')
      while (pids.pid() !== undefined) await pause(POLL_MS)
    },
  }
}

/** The machine's own PostgreSQL, one or, `withStandby`, two, of which the second confirms each commit. */
export const ownDatabase = async (folder: string, withStandby = false): Promise<Database> => {
  const home = join(folder, 'server')
  mkdirSync(home, { recursive: true, mode: 0o711 })
  const [first = 0, second = 0] = await freePorts(2)
  let primary = openCluster(join(home, 'a'), first, `${home}-a.log`)
  let standby = withStandby ? openCluster(join(home, 'b'), second, `${home}-b.log`) : undefined
  const clusters = standby ? [primary, standby] : [primary]
  const cutters = await Promise.all(clusters.map(({ port }) => startCutter(port)))
  await primary.make()
  await primary.run()
  if (standby) await follow(standby, primary)
  const failOver = async (): Promise<void> => {
    if (!standby) return
    const former = primary
    // As whoever decides about fail-overs: only to one that has what was confirmed.
    await streaming(former)
    await former.destroy()
    await execute(standby.url, 'select pg_promote()')
    primary = standby
    standby = former
    await follow(former, primary)
  }
  const hosts = cutters.map(({ port }) => `127.0.0.1:${port}`).join(',')
  return {
    environment: { DATABASE_URL: `postgres://postgres@${hosts}/postgres` },
    url: () => primary.url,
    pid: () => primary.pid(),
    readyPid: () => primary.readyPid(),
    cutAnswers: (count) => {
      for (const cutter of cutters) cutter.cutAnswers(count)
    },
    answersCut: () => cutters.reduce((sum, cutter) => sum + cutter.cut(), 0),
    ...(withStandby ? { failOver } : {}),
    end: async () => {
      for (const cluster of clusters) await cluster.end()
      for (const cutter of cutters) await cutter.stop()
    },
  }
}

/** Makes a standby of this primary; once it has caught up, no commit is answered that it does not have. */
const follow = async (standby: Cluster, primary: Cluster): Promise<void> => {
  await standby.make(primary)
  await standby.run()
  await streaming(primary)
  await execute(primary.url, `alter system set synchronous_standby_names = '*'`)
  await execute(primary.url, 'select pg_reload_conf()')
}

/** Until its standby has all that it has, or all but what is on the way. */
const streaming = async ({ url }: Cluster): Promise<void> => {
  const STREAMING = `select pid from pg_stat_replication where state = 'streaming'`
  while ((await execute(url, STREAMING).catch(() => [])).length === 0) await pause(POLL_MS)
}
