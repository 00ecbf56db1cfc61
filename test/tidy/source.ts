import { posix } from 'node:path'
import { parseAst } from 'vitest/node'

/** One file of the project, read once: its text and, for TypeScript, its syntax tree. Paths are below the root, with `/`. */
export type Source = {
  readonly path: string
  readonly text: string
  readonly tree: Node | undefined
  readonly imports: readonly Import[]
}

export type Node = {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [field: string]: unknown
}

export type Import = {
  readonly specifier: string
  /** Path of the imported file when it is ours, else undefined: a package or a part of Node. */
  readonly target: string | undefined
  readonly line: number
  /** Erased by the compiler: nothing is loaded. */
  readonly typeOnly: boolean
  /** `import()`: loaded only when that line runs. */
  readonly dynamic: boolean
  /** Imported names; `*` and `default` for the forms without one. */
  readonly names: readonly string[]
}

/** What a rule found: where, and what to do. */
export type Finding = { readonly path: string; readonly line: number; readonly say: string }

/** A rule looks at all files, since some can only be judged together. */
export type Rule = (sources: readonly Source[]) => readonly Finding[]

export const readSource = (path: string, text: string): Source => {
  if (!/\.ts$/.test(path)) return { path, text, tree: undefined, imports: [] }
  const tree: unknown = parseAst(text, { lang: 'ts' }, path)
  if (!isNode(tree)) throw new Error(`${path} has no syntax tree`)
  return { path, text, tree, imports: importsOf(path, text, tree) }
}

export const show = (finding: Finding): string => `${finding.path}:${finding.line} ${finding.say}`

/** Line of a place in a text, counted from 1. */
export const lineAt = (text: string, offset: number): number => text.slice(0, offset).split('\n').length

/** Tests, and what only tests load: free of the rules about effects, since they are the ones who cause them. */
export const isTest = (path: string): boolean =>
  /\.test\.ts$/.test(path) || /^(test|bench)\//.test(path) || path.startsWith('src/channels/conformance/')

export const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'

export type Visit = (node: Node, parent: Node | undefined, field: string) => void

/** Visits every node, the outer before the inner. */
export const walk = (node: Node, visit: Visit, parent?: Node, field = ''): void => {
  visit(node, parent, field)
  for (const [name, value] of Object.entries(node)) {
    for (const child of Array.isArray(value) ? value : [value]) if (isNode(child)) walk(child, visit, node, name)
  }
}

/** Whether an identifier stands for a thing in scope, and is not merely the name of a member or a key. */
export const isReference = (node: Node, parent: Node | undefined, field: string): boolean => {
  if (node.type !== 'Identifier') return false
  if (parent?.computed === true) return true
  if (field === 'property' || field === 'key') return false
  return !(parent?.type === 'TSQualifiedName' && field === 'right') && field !== 'imported' && field !== 'label'
}

export const nameOf = (node: unknown): string | undefined =>
  isNode(node) && typeof node.name === 'string' ? node.name : undefined

/** `object.property`, as written with a dot. */
export const memberOf = (node: Node): string | undefined =>
  node.type === 'MemberExpression' ? `${nameOf(node.object)}.${nameOf(node.property)}` : undefined

const importsOf = (path: string, text: string, tree: Node): readonly Import[] => {
  const found: Import[] = []
  walk(tree, (node) => {
    const specifier = isNode(node.source) ? node.source.value : undefined
    if (typeof specifier !== 'string') return
    const relative = specifier.startsWith('.')
    found.push({
      specifier,
      target: relative ? posix.normalize(posix.join(posix.dirname(path), specifier)) : undefined,
      line: lineAt(text, node.start),
      typeOnly: node.importKind === 'type' || node.exportKind === 'type' || node.type === 'TSImportType',
      dynamic: node.type === 'ImportExpression',
      names: namesOf(node),
    })
  })
  return found
}

const namesOf = (node: Node): readonly string[] => {
  if (!Array.isArray(node.specifiers)) return ['*']
  return node.specifiers.filter(isNode).map((specifier) => {
    if (specifier.type === 'ImportDefaultSpecifier') return 'default'
    return nameOf(specifier.imported) ?? nameOf(specifier.local) ?? '*'
  })
}
