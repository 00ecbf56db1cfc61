// The release before, built aside from git. Until there is a release with a tag, `previous.json` names a migration: the revision before it came
// is the one to upgrade from, so that it and all later ones run. With releases, it names a revision instead: { "revision": "v0.1.0" }.
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const MAX_ARCHIVE_BYTES = 200_000_000

const git = (...args) =>
  execFileSync('git', args, { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim()

/** Builds `from`, or else what `previous.json` names, into `folder`. Throws one sentence for a person. */
export const buildPrevious = (folder, from) => {
  const revision = revisionOf(from)
  mkdirSync(folder)
  const archive = execFileSync('git', ['archive', '--format=tar', revision], {
    cwd: ROOT,
    maxBuffer: MAX_ARCHIVE_BYTES,
  })
  execFileSync('tar', ['-x', '-C', folder], { input: archive })
  fitsOrThrow(readJson(join(folder, 'package.json')).dependencies, revision)
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  execFileSync(process.execPath, ['build.mjs'], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] })
  return {
    program: join(folder, 'dist/app/cli.js'),
    revision: git('log', '-1', '--format=%h %s', revision),
    migrations: migrationsOf(folder),
  }
}

/** `module/0001_name` of every migration below `src/` of a tree. */
export const migrationsOf = (tree = ROOT) =>
  readdirSync(join(tree, 'src'), { recursive: true })
    .flatMap((file) => /^(.*)\/migrations\/([^/]+)\.sql$/.exec(file)?.slice(1).join('/') ?? [])
    .sort()

/** Tables that migrations of this tree change and do not make themselves; named as `migrationsOf` does. */
export const tablesChangedBy = (migrations) => {
  const sql = migrations.map((name) => readFileSync(fileOf(name), 'utf8').replaceAll(/--.*$/gm, '')).join('\n')
  const named = (pattern) => [...sql.matchAll(pattern)].map(([, table]) => table)
  const made = named(/create table (?:if not exists )?([\w.]+)/gi)
  const changed = [
    ...named(/(?:alter table|update|delete from) (?:if exists )?(?:only )?(\w+\.\w+)/gi),
    ...named(/\bindex\b[^;]*?\bon (?:only )?(\w+\.\w+)/gi),
  ]
  return [...new Set(changed)].filter((table) => !made.includes(table)).sort()
}

const fileOf = (name) => join(ROOT, 'src', name.replace(/\/(?=[^/]*$)/, '/migrations/').concat('.sql'))

const readJson = (file) => JSON.parse(readFileSync(file, 'utf8'))

const revisionOf = (from) => {
  if (known('HEAD') === undefined)
    throw new Error('this folder is no git repository: the release before is built from git')
  const { revision = from, before } = from === undefined ? readJson(new URL('previous.json', import.meta.url)) : {}
  const wanted = revision ?? `${addedBy(before)}^`
  const found = known(wanted)
  if (found === undefined) throw new Error(`there is no revision ${wanted} to upgrade from${shallow()}`)
  return found
}

const addedBy = (migration) => {
  const commit = git('log', '--diff-filter=A', '--format=%H', '-1', '--', migration)
  if (commit === '') throw new Error(`no commit adds ${migration}, which test/upgrade/previous.json names${shallow()}`)
  return commit
}

const known = (revision) => {
  try {
    return git('rev-parse', '--verify', '--quiet', `${revision}^{commit}`)
  } catch {
    return undefined
  }
}

const shallow = () =>
  git('rev-parse', '--is-shallow-repository') === 'true'
    ? ': this clone is shallow, fetch the rest by "git fetch --unshallow"'
    : ''

/** It runs on this tree's packages, so each that it needs must be here in the same version. */
const fitsOrThrow = (wanted, revision) => {
  const here = readJson(join(ROOT, 'package.json')).dependencies
  const missing = Object.entries(wanted).filter(([name, version]) => here[name] !== version)
  if (missing.length === 0) return
  const names = missing.map(([name, version]) => `${name} ${version}`).join(', ')
  throw new Error(`${revision} needs ${names}, which are not installed here: name a later revision by --from`)
}
