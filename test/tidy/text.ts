import { posix } from 'node:path'
import { type Finding, lineAt, type Rule, type Source } from './source.ts'

// Patterns are written so that they do not find themselves.

/** Notes of work and switched-off tests. */
export const words: Rule = (sources) => [
  ...eachMatch(
    sources,
    /(?<!['"])\b(T[O]DO|FI[X]ME|X[X]X|HA[C]K)\b/g,
    (word) => `says ${word}: finish it or leave it out`,
  ),
  ...eachMatch(
    sources.filter(({ path }) => path.endsWith('.ts')),
    /\.(only|skip|todo)\(/g,
    (call) => `${call}…) switches tests off: run them all`,
  ),
  ...eachMatch(sources, /@ts-(igno[r]e|nochec[k])/g, (word) => `${word} hides a type error: mend the type`),
]

/** Names that say nothing. */
const EMPTY_NAMES = /^(.+-)?(utils?|helpers?|commons?|managers?|data|info|misc)$/
const KEBAB = /^[a-z0-9]+(-[a-z0-9]+)*$/

export const names: Rule = (sources) =>
  sources.flatMap(({ path }) => {
    if (!/^(src|test|bench)\/.*\.(ts|mjs|scss)$/.test(path)) return []
    return path.split('/').flatMap((part) => {
      const stem = part.replace(/\..*$/, '').replace(/^_/, '')
      if (stem !== 'bank-data' && EMPTY_NAMES.test(stem)) {
        return [{ path, line: 1, say: `"${stem}" says nothing: name it by what it does` }]
      }
      return KEBAB.test(stem) ? [] : [{ path, line: 1, say: `"${stem}" is not kebab-case: rename it` }]
    })
  })

/** What is true on one machine only. */
export const machines: Rule = (sources) => [
  ...eachMatch(
    sources,
    /(?<![\w.:/*-])(\/(root|home|Users|work)\/[\w.-]+|[A-Z]:\\\\?\w)/g,
    (path) => `names ${path}, a folder of one machine: take it from the system or as an argument`,
  ),
  ...eachMatch(
    sources,
    /\b(registry\.npmj[s]|registry\.yarnpk[g]|npmj[s]\.(org|com)|deb\.debia[n]|pypi\.or[g]|crates\.i[o])\b/g,
    (host) => `names ${host}: a package is named by its name, each machine knows its registry`,
  ),
]

/** Exact versions, and a lock file without download addresses. */
export const dependencies: Rule = (sources) => [
  ...eachMatch(
    sources.filter(({ path }) => path === 'package-lock.json'),
    /"resolved":/g,
    () => 'holds a download address: run `npm install --package-lock-only` with the .npmrc of the project',
  ),
  ...eachMatch(
    sources.filter(({ path }) => path === 'package.json'),
    /"([^"]+)": "[\^~*][^"]*"/g,
    (_whole, name) => `${name} has no exact version: pin it`,
  ),
]

/** Documents point at what exists: files, and npm scripts. */
export const documents =
  (paths: ReadonlySet<string>, scripts: readonly string[]): Rule =>
  (sources) => {
    const pages = sources.filter(({ path }) => path.endsWith('.md'))
    const links = pages.flatMap((page) =>
      eachMatch([page], /\]\((?!https?:|mailto:|#)([^)\s#]+)[^)]*\)/g, (_whole, link) => {
        const target = posix.normalize(posix.join(posix.dirname(page.path), link)).replace(/\/$/, '')
        const there = paths.has(target) || [...paths].some((path) => path.startsWith(`${target}/`))
        return there ? undefined : `links to ${target}, which does not exist`
      }),
    )
    const commands = eachMatch(pages, /\bnpm run ([\w:-]+)/g, (_whole, script) =>
      scripts.includes(script) ? undefined : `tells to run ${script}, which package.json does not have`,
    )
    return [...links, ...commands]
  }

const eachMatch = (
  sources: readonly Source[],
  pattern: RegExp,
  judge: (whole: string, first: string) => string | undefined,
): readonly Finding[] =>
  sources.flatMap(({ path, text }) =>
    [...text.matchAll(pattern)].flatMap((match) => {
      const say = judge(match[0], match[1] ?? '')
      return say === undefined ? [] : [{ path, line: lineAt(text, match.index), say }]
    }),
  )
