import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type Embedded, startEmbedded } from '../../src/platform/db/embedded.ts'
import { silentLog } from '../../src/platform/log.ts'
import { machineBinaries } from '../support/test-server.ts'
import { chanceFrom } from '../torture/chance.ts'
import { wound } from '../torture/cluster.ts'

/** The machine's PostgreSQL with an archive of its WAL, and a second one that is made of base backup and archive. */

/** WAL goes to the archive as soon as a piece is full; here also when it is asked to. Durable as PostgreSQL is by itself. */
export const startArchiving = async (folder: string): Promise<Embedded> => {
  const archive = join(folder, 'archive')
  const server = await startEmbedded({
    dataDir: join(folder, 'first'),
    log: silentLog,
    binaries: machineBinaries(),
    settings: { archive_mode: 'on', archive_command: `test ! -f ${archive}/%f && cp %p ${archive}/%f` },
  })
  ownedLike(join(folder, 'first/postgres'), archive)
  return server
}

const ownedLike = (data: string, made: string): void => {
  mkdirSync(made, { recursive: true })
  const { uid, gid } = statSync(data)
  chownSync(made, uid, gid)
}

/** `pg_basebackup`, as docs/operating/back-up.md has it. */
export const takeBaseBackup = (folder: string, url: string): void => {
  const { searchParams, username } = new URL(url)
  const options = ['--format=tar', '--gzip', '--checkpoint=fast', '--wal-method=stream']
  execFileSync(join(machineBinaries().root, 'bin/pg_basebackup'), [`--pgdata=${join(folder, 'base')}`, ...options], {
    env: { PGHOST: searchParams.get('host') ?? '', PGUSER: username },
  })
}

/** The machine is lost: nothing of it writes another byte. */
export const lose = (folder: string): void => {
  const [pid = ''] = readFileSync(join(folder, 'first/postgres/postmaster.pid'), 'utf8').split('\n')
  wound(Number(pid), 'all', chanceFrom(1))
}

/** Returns once it may be written to: restored to that moment and no further. */
export const startRestored = (folder: string, to: string): Promise<Embedded> => {
  const home = join(folder, 'second')
  const data = join(home, 'postgres')
  const archive = join(folder, 'archive')
  mkdirSync(join(data, 'pg_wal'), { recursive: true })
  execFileSync('tar', ['-xzf', join(folder, 'base/base.tar.gz'), '-C', data])
  execFileSync('tar', ['-xzf', join(folder, 'base/pg_wal.tar.gz'), '-C', join(data, 'pg_wal')])
  execFileSync('touch', [join(data, 'recovery.signal')])
  const { uid, gid } = statSync(join(folder, 'first/postgres'))
  execFileSync('chown', ['-R', `${uid}:${gid}`, data])
  chmodSync(data, 0o700)
  chmodSync(home, 0o711)
  return startEmbedded({
    dataDir: home,
    log: silentLog,
    binaries: machineBinaries(),
    settings: {
      restore_command: `cp ${archive}/%f %p`,
      // It reads no abbreviation of a time zone there, not even Z.
      recovery_target_time: to.replace('Z', '+00'),
      recovery_target_action: 'promote',
      hot_standby: 'off',
    },
  })
}
