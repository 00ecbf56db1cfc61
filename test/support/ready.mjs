// Sees to what the tests need beside npm's packages: Chromium for the pages and, with --postgres, the machine's own PostgreSQL.
// Installs what is missing where that is one command (root on Debian); elsewhere says what to install.
import { execFileSync } from 'node:child_process'
import { accessSync, constants, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Where Debian has it; `test/pages/browser.ts` starts it from there. */
const CHROMIUM = '/usr/bin/chromium'
/** The oldest PostgreSQL that the hub supports. */
const OLDEST_POSTGRES = 15

const isExecutable = (path) => {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

const onPath = (name) => (process.env.PATH ?? '').split(delimiter).some((folder) => isExecutable(join(folder, name)))

/** Debian keeps each major version's server in a folder of its own, off the PATH. */
const postgresMajors = () => {
  const versions = '/usr/lib/postgresql'
  if (!existsSync(versions)) return []
  return readdirSync(versions).filter((major) => isExecutable(join(versions, major, 'bin', 'postgres')))
}

const needs = [
  {
    name: `Chromium as ${CHROMIUM}`,
    debian: 'chromium',
    there: () => isExecutable(CHROMIUM),
    prepare: () => {},
  },
  {
    name: 'curl, which the integrator’s page uses',
    debian: 'curl',
    there: () => onPath('curl'),
    prepare: () => {},
  },
  {
    name: `PostgreSQL ${OLDEST_POSTGRES} or later (server programs)`,
    debian: 'postgresql',
    onlyWith: '--postgres',
    there: () => postgresMajors().some((major) => Number(major) >= OLDEST_POSTGRES),
    // The tests start their own server: Debian's package need not make and start one.
    prepare: () => {
      const settings = '/etc/postgresql-common/createcluster.conf'
      if (existsSync(settings)) return
      mkdirSync('/etc/postgresql-common', { recursive: true })
      writeFileSync(settings, 'create_main_cluster = false\n')
    },
  },
]

const missing = needs.filter(
  ({ onlyWith, there }) => (onlyWith === undefined || process.argv.includes(onlyWith)) && !there(),
)
const say = (sentence) => process.stderr.write(`${sentence}\n`)

const install = (packages) => {
  const run = (...args) =>
    execFileSync('apt-get', args, {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    })
  run('update')
  run('install', '-y', '--no-install-recommends', ...packages)
}

if (missing.length > 0) {
  const packages = missing.map(({ debian }) => debian)
  const canInstall = process.getuid?.() === 0 && existsSync('/etc/debian_version') && onPath('apt-get')
  if (canInstall) {
    say(`Installing for the tests: ${packages.join(', ')}`)
    for (const { prepare } of missing) prepare()
    try {
      install(packages)
    } catch (error) {
      say(`apt-get failed: ${error.message}`)
    }
  }
  const absent = missing.filter(({ there }) => !there())
  if (absent.length > 0) {
    const names = absent.map(({ name }) => name).join(' and ')
    say(`The tests need ${names}. On Debian: apt-get install ${absent.map(({ debian }) => debian).join(' ')}`)
    process.exitCode = 1
  }
}
