import { createHash } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import type { Log } from '../../log.ts'
import { type Binaries, completeLinks, isCode } from './binaries.ts'

/** Who runs the server and where everything lies. */
export type Place = {
  /** PostgreSQL refuses to run as root: then it runs as this user. */
  readonly user: { readonly uid: number; readonly gid: number } | undefined
  /** PostgreSQL's own data directory; it exists once `initdb` ran. */
  readonly data: string
  /** Folder of the socket, open to that user only. */
  readonly sockets: string
  /** Holds `bin`. */
  readonly binaries: string
}

/** `nobody`, on Debian, Fedora, Alpine and in most containers; a uid without an entry in passwd would be refused. */
const NOBODY = { uid: 65_534, gid: 65_534 }

/** A socket's path ends at 107 bytes on Linux and 103 on macOS; `/.s.PGSQL.5432` is added by the server. */
const MAX_SOCKET_FOLDER = 88

/** Where data and programs go when their own folder cannot be entered by the server's user: the first that can be written. */
const ELSEWHERE = ['/var/lib/ebizness', join(tmpdir(), 'ebizness')]

export const findPlace = (
  dataDir: string,
  binaries: Binaries,
  log: Log,
  elsewhere: readonly string[] = ELSEWHERE,
): Place => {
  const isRoot = process.getuid?.() === 0
  const wanted = resolve(dataDir)
  if (!existsSync(wanted)) makeFolder(wanted, isRoot ? 0o711 : 0o700)
  if (!statSync(wanted).isDirectory()) throw new Error(`${wanted} is a file: set EBIZNESS_DATA_DIR to a folder`)
  const user = isRoot ? serverUser(join(wanted, 'postgres')) : undefined
  const home = homeFor(realpathSync(wanted), user, elsewhere, log)
  const data = join(home, 'postgres')
  checkOwner(data, user)
  return {
    user,
    data,
    sockets: socketFolder(home, user),
    binaries: reachableBinaries(binaries, user, elsewhere),
  }
}

/** The owner of data that are there already, else `nobody`. */
const serverUser = (data: string): { readonly uid: number; readonly gid: number } => {
  if (!existsSync(data)) return NOBODY
  const { uid, gid } = statSync(data)
  return uid === 0 ? NOBODY : { uid, gid }
}

type User = Place['user']

const checkOwner = (data: string, user: User): void => {
  const mine = user?.uid ?? process.getuid?.()
  const owner = statSync(data, { throwIfNoEntry: false })?.uid
  if (owner === undefined || mine === undefined || owner === mine) return
  throw new Error(
    `the database in ${data} belongs to user ${owner}: start as that user or as root, or choose another data folder`,
  )
}

/** Data that can be reached stay; else they live where the same folder always leads. */
const homeFor = (wanted: string, user: User, elsewhere: readonly string[], log: Log): string => {
  if (canEnter(wanted, user)) return wanted
  const name = createHash('sha256').update(wanted).digest('hex').slice(0, 12)
  const homes = elsewhere.map((folder) => join(folder, name))
  const home = homes.find((folder) => existsSync(join(folder, 'postgres'))) ?? firstUsable(homes, user)
  log.info(
    { folder: home },
    `${wanted} cannot be entered by the user PostgreSQL runs as: the database lives in ${home}`,
  )
  return home
}

const firstUsable = (folders: readonly string[], user: User): string => {
  let last: unknown
  for (const folder of folders) {
    try {
      if (!existsSync(folder)) makeFolder(folder, 0o711)
      if (canEnter(folder, user)) return folder
    } catch (error) {
      last = error
    }
  }
  throw new Error(`no folder can be made that user ${user?.uid} may enter (tried ${folders.join(', ')})`, {
    cause: last,
  })
}

/** Whatever the umask says. */
const makeFolder = (folder: string, mode: number): void => {
  const made = mkdirSync(folder, { recursive: true })
  if (made === undefined) return
  for (let path = folder; path.length >= made.length; path = dirname(path)) chmodSync(path, mode)
}

/** Whether the user may pass through every folder down to this one. */
export const canEnter = (folder: string, user: User): boolean => {
  if (!user) return true
  for (let path = folder; ; path = dirname(path)) {
    const { mode, uid, gid } = statSync(path)
    const passes = uid === user.uid ? mode & 0o100 : gid === user.gid ? mode & 0o010 : mode & 0o001
    if (!passes) return false
    if (path === dirname(path)) return true
  }
}

/** The programs, copied once to where the user can reach them. */
const reachableBinaries = (binaries: Binaries, user: User, elsewhere: readonly string[]): string => {
  const root = realpathSync(binaries.root)
  completeLinks(root)
  if (canEnter(join(root, 'lib'), user)) return root
  const copies = elsewhere.map((folder) => join(folder, `postgresql-${binaries.version}`))
  const known = copies.find((folder) => existsSync(join(folder, 'bin')))
  if (known) return known
  const parent = firstUsable(elsewhere, user)
  const target = join(parent, `postgresql-${binaries.version}`)
  const draft = mkdtempSync(`${target}.`)
  cpSync(root, draft, { recursive: true, verbatimSymlinks: true })
  chmodSync(draft, 0o755)
  try {
    renameSync(draft, target)
  } catch (error) {
    // Another process was faster; its copy is as good.
    rmSync(draft, { recursive: true })
    if (!isCode(error, 'ENOTEMPTY', 'EEXIST')) throw error
  }
  return target
}

/** Beside the data, so that every process finds it, unless that path is too long for a socket. */
const socketFolder = (home: string, user: User): string => {
  const beside = join(home, 'socket')
  const name = createHash('sha256').update(home).digest('hex').slice(0, 12)
  const folder = Buffer.byteLength(beside) <= MAX_SOCKET_FOLDER ? beside : join(tmpdir(), `ebizness-${name}`)
  if (!existsSync(folder)) {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    if (user) chownSync(folder, user.uid, user.gid)
  }
  // Everyone may make folders in the temp folder: one that is not ours could lead us to a stranger's server.
  const { uid, mode } = lstatSync(folder)
  const owner = user?.uid ?? process.getuid?.()
  if (uid !== owner || (mode & 0o077) !== 0) throw new Error(`${folder} must belong to user ${owner} alone: remove it`)
  return folder
}
