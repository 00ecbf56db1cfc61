import { generateKeyPairSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { channels } from '../channels/index.ts'
import { ok } from '../kernel/result.ts'
import { parseInstant } from '../kernel/time.ts'
import { spokenLanguages } from '../platform/texts/index.ts'
import { readCmaFile } from './cma-file.ts'
import { cmaSchema } from './cma-schema.ts'
import type { Sources } from './sources.ts'

/** The page that explains `cma.yaml` names every key there is and none that there is not, and its example is one that `apply` takes. */

const page = readFileSync(join(import.meta.dirname, '../../docs/operating/configure.md'), 'utf8')
const [, example = ''] = /```yaml\n([\s\S]*?)```/.exec(page) ?? []

type Branch = { readonly [more: string]: unknown }
const isBranch = (value: unknown): value is Branch => typeof value === 'object' && value !== null

/** Every path of the schema down to what holds a value; `[]` for each thing of a list. */
const pathsOf = (node: unknown, path: string): readonly string[] => {
  if (!isBranch(node)) return [path]
  if (isBranch(node.properties)) {
    return Object.entries(node.properties).flatMap(([key, inside]) =>
      pathsOf(inside, path === '' ? key : `${path}.${key}`),
    )
  }
  return isBranch(node.items) && isBranch(node.items.properties) ? pathsOf(node.items, `${path}[]`) : [path]
}
const known = pathsOf(z.toJSONSchema(cmaSchema, { io: 'input', unrepresentable: 'any' }), '')

/** Rows of each table under a heading that begins with a path: `### \`merchants[]\`: …`. */
const explained = page.split(/^### /m).flatMap((section) => {
  const [, above] = /^`([^`]+)`/.exec(section) ?? []
  const rows = [...section.matchAll(/^\| (`[^|]+) \|/gm)].flatMap(([, cell = '']) => cell.split(', '))
  return above === undefined ? [] : rows.map((cell) => `${above}.${cell.replaceAll('`', '')}`)
})

describe('the page that explains cma.yaml', () => {
  it('explains every key, and nothing else', () => {
    expect([...explained, 'version'].toSorted()).toEqual(known.toSorted())
  })

  it('shows every key in its example', () => {
    const has = (value: unknown, path: readonly string[]): boolean => {
      const [key, ...rest] = path
      if (key === undefined) return value !== undefined
      if (Array.isArray(value)) return value.some((one) => has(one, path))
      return isBranch(value) && has(value[key], rest)
    }
    const file: unknown = parse(example)
    expect(known.filter((path) => !has(file, path.replaceAll('[]', '').split('.')))).toEqual([])
  })

  it('shows an example that is taken as it stands', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const pem = (path: string) =>
      path.endsWith('liepkalni-swedbank.pem')
        ? privateKey.export({ type: 'pkcs8', format: 'pem' })
        : publicKey.export({ type: 'spki', format: 'pem' })
    const picture = '<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0h1"/></svg>'
    const sources: Sources = {
      file: async (path) => ok(Buffer.from(path.endsWith('.svg') ? picture : pem(path))),
      env: () => ok(''),
    }
    const now = parseInstant('2026-11-25T08:00:00Z') ?? 0
    const mode = 'live'
    const read = await readCmaFile({
      file: 'cma.yaml',
      text: example,
      channels,
      sources,
      mode,
      now,
      languages: spokenLanguages,
    })
    expect(read.ok ? [] : read.error).toEqual([])
  })
})
