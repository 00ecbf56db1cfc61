import { folderOf, isStore } from './imports.ts'
import {
  type Finding,
  isNode,
  isReference,
  isTest,
  lineAt,
  memberOf,
  type Node,
  nameOf,
  type Rule,
  type Source,
  walk,
} from './source.ts'

export const MAX_FILE_LINES = 400
export const MAX_FUNCTION_LINES = 70

/** Short files. */
export const fileLength: Rule = (sources) =>
  sources.flatMap(({ path, text }) => {
    const lines = text.trimEnd().split('\n').length
    if (!/\.(ts|mjs|scss|sql)$/.test(path) || lines <= MAX_FILE_LINES) return []
    return [
      { path, line: lines, say: `is ${lines} lines long, more than ${MAX_FILE_LINES}: make it a folder of files` },
    ]
  })

/**
 * Short functions. Lines of a named function inside belong to that one, so that a function which returns a record of functions – our way
 * to hold state – is measured by its parts. A `describe` is a list of tests, not a function that does one thing.
 */
export const functionLength: Rule = (sources) =>
  eachNode(sources, (node, parent, source) => {
    if (!isFunction(node) || isGroupOfTests(parent)) return undefined
    const lines = ownLines(node, source)
    if (lines <= MAX_FUNCTION_LINES) return undefined
    return `function has ${lines} lines of its own, more than ${MAX_FUNCTION_LINES}: give its steps names`
  })

const isFunction = (node: Node): boolean =>
  /^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(node.type)

const isNamed = (node: Node, parent: Node | undefined): boolean =>
  node.type === 'FunctionDeclaration' || /^(VariableDeclarator|Property)$/.test(parent?.type ?? '')

const ownLines = (outer: Node, { text }: Source): number => {
  const height = (node: Node): number => lineAt(text, node.end) - lineAt(text, node.start)
  let inner = 0
  // What lies inside a named function was taken off with it: `passed` is where the last one ends.
  let passed = outer.start
  walk(outer, (node, parent) => {
    if (node === outer || node.start < passed || !isFunction(node) || !isNamed(node, parent)) return
    inner += height(node)
    passed = node.end
  })
  return height(outer) + 1 - inner
}

const isGroupOfTests = (parent: Node | undefined): boolean =>
  parent?.type === 'CallExpression' && isNode(parent.callee) && /^describe\b/.test(rootName(parent.callee))

const rootName = (node: Node): string => {
  const inner = node.object ?? node.callee
  return isNode(inner) ? rootName(inner) : (nameOf(node) ?? '')
}

/** Only `kernel/time.ts` knows the clock of this machine. */
export const clock: Rule = (sources) =>
  eachNode(sources, (node, parent, source, field) =>
    node.name === 'Date' && isReference(node, parent, field) && source.path !== 'src/kernel/time.ts'
      ? 'mentions Date: a moment is an Instant, its arithmetic is in kernel/time.ts'
      : undefined,
  )

/** Only `app` reads the environment: everything else is told. */
export const environment: Rule = (sources) =>
  eachNode(sources, (node, _parent, source) => {
    if (folderOf(source.path) === 'app' || isTest(source.path)) return undefined
    const taken = node.type === 'VariableDeclarator' && nameOf(node.init) === 'process' ? keysOf(node.id) : []
    if (memberOf(node) !== 'process.env' && !taken.includes('env')) return undefined
    return 'reads the environment: take the value as an argument, src/app/config.ts reads it'
  })

const keysOf = (pattern: unknown): readonly (string | undefined)[] =>
  isNode(pattern) && Array.isArray(pattern.properties)
    ? pattern.properties.filter(isNode).map((property) => nameOf(property.key))
    : []

/** The SDK calls its hub from an e-service's program; letters go to a mail server, whose address is checked by the same rules. */
const MAY_CALL = ['src/platform/http/client.ts', 'src/platform/mail/smtp.ts', 'src/sdk/hub.ts']

/** Names by which a module of Node or a package opens a connection. */
const CALLERS: Readonly<Record<string, readonly string[]>> = {
  undici: ['*', 'default', 'fetch', 'request', 'stream', 'pipeline', 'Agent', 'Client', 'Pool', 'ProxyAgent'],
  'node:http': ['*', 'default', 'request', 'get', 'Agent'],
  'node:https': ['*', 'default', 'request', 'get', 'Agent'],
  'node:http2': ['*', 'default', 'connect'],
  'node:net': ['*', 'default', 'connect', 'createConnection', 'Socket'],
  'node:tls': ['*', 'default', 'connect', 'TLSSocket'],
  nodemailer: ['*', 'default', 'createTransport'],
  'node:dgram': ['*', 'default', 'createSocket'],
}

/** Only `platform/http/client.ts` calls out, so that limits, address checks and the three outcomes are in one place. */
export const callingOut: Rule = (sources) => {
  const judged = sources.filter(({ path }) => path.startsWith('src/') && !isTest(path) && !MAY_CALL.includes(path))
  const say = 'calls out: use platform/http/client.ts, which has the limits and the address checks'
  const imports = judged.flatMap((source) =>
    source.imports
      // The launcher asks its own server over the local socket.
      .filter((imported) => !imported.typeOnly && !source.path.startsWith('src/platform/db/'))
      .filter((imported) => imported.names.some((name) => CALLERS[imported.specifier]?.includes(name)))
      .map((imported): Finding => ({ path: source.path, line: imported.line, say })),
  )
  const calls = eachNode(judged.filter(usesGlobalFetch), (node) =>
    node.type === 'CallExpression' &&
    (nameOf(node.callee) === 'fetch' || (isNode(node.callee) && memberOf(node.callee) === 'globalThis.fetch'))
      ? say
      : undefined,
  )
  return [...imports, ...calls]
}

/** A function of ours that was handed in may be called `fetch` too: it is the hub's own, not the way out. */
const usesGlobalFetch = (source: Source): boolean => {
  let own = false
  if (source.tree) {
    walk(source.tree, (node, _parent, field) => {
      if (nameOf(node) === 'fetch' && /^(params|id|value|local)$/.test(field) && node.type === 'Identifier') own = true
    })
  }
  return !own
}

const EFFECTS = /^(process|console|performance|setTimeout|setInterval|setImmediate|queueMicrotask|fetch|crypto)$/

/** Pure folders use no clock, chance or machine. */
export const purity =
  (pure: readonly string[]): Rule =>
  (sources) =>
    eachNode(
      sources.filter(({ path }) => pure.some((prefix) => path.startsWith(prefix)) && !isTest(path)),
      (node, parent, source, field) => {
        const effect = isReference(node, parent, field) ? EFFECTS.exec(nameOf(node) ?? '')?.[0] : undefined
        const chance = memberOf(node) === 'Math.random' ? 'Math.random' : undefined
        if (effect === undefined && chance === undefined) return undefined
        return `is pure, yet uses ${effect ?? chance}: take what it gives as an argument of ${source.path.split('/').at(-1)}`
      },
    )

/** Statements as they begin in SQL, written all in one case as we write them. English sentences that begin so have a capital. */
const SQL =
  /^\s*(?:(?:select|SELECT)\s[\s\S]*\b(?:from|FROM)\b|select\s+(?:\d|[\w.]+\()|insert\s+into\s|update\s+[\w."]+\s+(?:as\s+\w+\s+|\w+\s+)?set\s|delete\s+from\s|with\s+(?:recursive\s+)?\w+\s*(?:\([^)]*\)\s*)?as\s+(?:not\s+)?(?:materialized\s*)?\(|(?:create|alter|drop|truncate)\s+(?:table|schema|database|index|unique|type|role)\s|lock\s+table\s|listen\s|notify\s)/

/** Only stores write SQL; the seam in `platform/db` speaks it to open and migrate. */
export const sql: Rule = (sources) =>
  eachNode(sources, (node, _parent, source) => {
    if (isStore(source.path) || isTest(source.path) || source.path.startsWith('src/platform/db/')) return undefined
    return SQL.test(textOf(node)) ? "writes SQL: move the statement into its module's store.ts" : undefined
  })

/** A store touches its own schema: another module's rows are asked for at its door. */
export const schemas =
  (modules: readonly string[]): Rule =>
  (sources) =>
    sources.flatMap((source) => {
      const own = folderOf(source.path)
      const migration = source.path.endsWith('.sql')
      if (own === undefined || (!migration && (!isStore(source.path) || isTest(source.path)))) return []
      const others = modules.filter((name) => name !== own).map((name) => name.replaceAll('-', '_'))
      const foreign = new RegExp(`\\b(${[...others, 'public'].join('|')})\\.\\w+`, 'g')
      const judge = (text: string, start: number): readonly Finding[] =>
        [...text.matchAll(foreign)].map((match) => ({
          path: source.path,
          line: lineAt(source.text, start + match.index),
          say: `touches ${match[0]}, of another schema: ask src/${match[1]?.replaceAll('_', '-')}/index.ts`,
        }))
      if (migration)
        return judge(
          source.text.replace(/--.*/g, (comment) => ' '.repeat(comment.length)),
          0,
        )
      const found: Finding[] = []
      if (source.tree) walk(source.tree, (node) => found.push(...judge(textOf(node), node.start + 1)))
      return found
    })

/** Text of a string or template, with a blank for each inserted value. */
const textOf = (node: Node): string => {
  if (node.type === 'Literal' && typeof node.value === 'string') return node.value
  if (node.type !== 'TemplateLiteral' || !Array.isArray(node.quasis)) return ''
  return node.quasis
    .filter(isNode)
    .map((quasi) => (typeof quasi.value === 'object' && quasi.value && 'raw' in quasi.value ? quasi.value.raw : ''))
    .join(' ')
}

/** Plain TypeScript: no class but an error, no `any`, no cast through `unknown`. */
export const plain: Rule = (sources) =>
  eachNode(sources, (node) => {
    if (/^Class(Declaration|Expression)$/.test(node.type) && !/Error$/.test(nameOf(node.superClass) ?? ''))
      return 'declares a class: use a function that returns readonly functions (only errors are classes)'
    if (node.type === 'TSAnyKeyword') return 'says any: parse at the edge into a type that tells the truth'
    if (node.type === 'TSAsExpression' && isNode(node.expression) && node.expression.type === 'TSAsExpression')
      return 'casts through another type: parse at the edge instead'
    return undefined
  })

const eachNode = (
  sources: readonly Source[],
  judge: (node: Node, parent: Node | undefined, source: Source, field: string) => string | undefined,
): readonly Finding[] =>
  sources.flatMap((source) => {
    const found: Finding[] = []
    if (!source.tree) return found
    walk(source.tree, (node, parent, field) => {
      const say = judge(node, parent, source, field)
      if (say !== undefined) found.push({ path: source.path, line: lineAt(source.text, node.start), say })
    })
    return found
  })
