import { type Finding, type Import, isTest, type Rule, type Source } from './source.ts'

/** What one folder of `src/` may use. */
export type Layer = {
  /** Folders it may import. */
  readonly imports: readonly string[]
  /** Folders it knows by their types only. */
  readonly typesOf?: readonly string[]
  /** Files that others may import, besides `index.ts`. A store is never a door. */
  readonly doors: 'every file' | readonly string[]
  /** Packages and parts of Node it may import. Absent: any. */
  readonly packages?: readonly string[]
}
export type Layers = Readonly<Record<string, Layer>>

/** Imports between folders go one way, as the table says. */
export const directions =
  (layers: Layers): Rule =>
  (sources) =>
    eachImport(sources, (from, imported) => {
      if (imported.target === undefined) return undefined
      const here = folderOf(from.path)
      const there = folderOf(imported.target)
      if (here === undefined || isTest(from.path)) return undefined
      const layer = layers[here]
      if (layer === undefined) return `src/${here} has no row in the table of test/tidy.test.ts: give it one`
      if (there === undefined) return `product code does not import ${imported.target}: move what it needs into src/`
      if (here === there || layer.imports.includes(there)) return undefined
      if (layer.typesOf?.includes(there)) {
        return imported.typeOnly
          ? undefined
          : `${here} knows ${there} by type only: use \`import type\`, values come from app`
      }
      return `${here} must not import ${there}: pass it in from app, or move the code down`
    })

/** Another module is imported by its door. */
export const doors =
  (layers: Layers): Rule =>
  (sources) =>
    eachImport(sources, (from, imported) => {
      const there = imported.target === undefined ? undefined : folderOf(imported.target)
      if (imported.target === undefined || there === undefined || folderOf(from.path) === there) return undefined
      if (from.path.startsWith('test/') || from.path.startsWith('bench/')) return undefined
      const inside = imported.target.slice(`src/${there}/`.length)
      if (isStore(imported.target)) return `a store is private: import src/${there}/index.ts`
      const open = layers[there]?.doors ?? []
      if (inside === 'index.ts' || open === 'every file' || open.includes(inside)) return undefined
      return `${inside} is private to ${there}: import src/${there}/index.ts`
    })

/** A channel uses no other channel, but for the family its protocol belongs to: adding, changing and removing one touches its folder. */
export const channelsApart =
  (families: readonly string[]): Rule =>
  (sources) =>
    eachImport(sources, (from, imported) => {
      const here = channelOf(from.path)
      const there = imported.target === undefined ? undefined : channelOf(imported.target)
      if (here === undefined || there === undefined || here === there || isTest(from.path)) return undefined
      return families.includes(there) ? undefined : `channel ${here} uses ${there}: move what both need to src/wire/`
    })

const channelOf = (path: string): string | undefined => /^src\/channels\/([^/]+)\//.exec(path)?.[1]

/** Folders that must stay pure or small name every package they use. */
export const packages =
  (layers: Layers): Rule =>
  (sources) =>
    eachImport(sources, (from, imported) => {
      const here = folderOf(from.path)
      const allowed = here === undefined ? undefined : layers[here]?.packages
      if (imported.target !== undefined || allowed === undefined || isTest(from.path)) return undefined
      if (allowed.some((name) => imported.specifier === name || imported.specifier.startsWith(`${name}/`)))
        return undefined
      return `${here} does not use ${imported.specifier}: take what it gives as an argument, or decide otherwise in an ADR`
    })

/** No file imports itself by a detour; types do not count, they are gone when it runs. */
export const cycles: Rule = (sources) => {
  const graph = new Map(sources.map((source) => [source.path, source.imports.filter(isLoaded)]))
  const done = new Set<string>()
  const found: Finding[] = []
  const visit = (path: string, trail: readonly string[]): void => {
    if (done.has(path)) return
    for (const { target, line } of graph.get(path) ?? []) {
      if (target === undefined) continue
      const start = [...trail, path].indexOf(target)
      if (start < 0) visit(target, [...trail, path])
      else {
        const circle = [...trail, path].slice(start).concat(target).join(' → ')
        found.push({ path, line, say: `imports in a circle: ${circle}; move what both need below them` })
      }
    }
    done.add(path)
  }
  for (const path of graph.keys()) visit(path, [])
  return found
}

/** What a hub in production loads has no simulator, no test code and no demo in it. */
export const production =
  (entries: readonly string[]): Rule =>
  (sources) => {
    const byPath = new Map(sources.map((source) => [source.path, source]))
    const found: Finding[] = []
    const seen = new Set<string>()
    const visit = (path: string): void => {
      if (seen.has(path)) return
      seen.add(path)
      for (const { target, line } of byPath.get(path)?.imports.filter(isLoaded) ?? []) {
        if (target === undefined) continue
        if (isTest(target) || target.startsWith('src/sandbox/') || /\/simulators?\.ts$/.test(target)) {
          found.push({
            path,
            line,
            say: `production would load ${target}: use \`await import()\` where test mode needs it`,
          })
        } else visit(target)
      }
    }
    for (const entry of entries) visit(entry)
    return found
  }

export const isStore = (path: string): boolean => /(^|\/)(store\/.*|([a-z-]+-)?store)\.ts$/.test(path)

/** Folder of `src/` that a path is in. */
export const folderOf = (path: string): string | undefined => /^src\/([^/]+)\//.exec(path)?.[1]

const isLoaded = (imported: Import): boolean => !imported.typeOnly && !imported.dynamic

const eachImport = (
  sources: readonly Source[],
  judge: (from: Source, imported: Import) => string | undefined,
): readonly Finding[] =>
  sources.flatMap((source) =>
    source.imports.flatMap((imported) => {
      const say = judge(source, imported)
      return say === undefined ? [] : [{ path: source.path, line: imported.line, say }]
    }),
  )
