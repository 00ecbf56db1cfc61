import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { faultOfPublicUrl } from '../platform/http/prefix.ts'

/** First parts of the addresses that routes are written for. */
const firstParts = ['app', 'payments'].flatMap((folder) =>
  readdirSync(join(import.meta.dirname, '..', folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .flatMap((name) => {
      const text = readFileSync(join(import.meta.dirname, '..', folder, name), 'utf8')
      return [...text.matchAll(/\.(?:get|post|all)\(\s*'\/([\w.-]+)/g)].map(([, part = '']) => part)
    }),
)

it('a hub cannot live below a path that begins like an address of its own', () => {
  expect(new Set(firstParts)).toContain('pay')
  for (const part of firstParts) {
    expect(faultOfPublicUrl(`https://town.example/${part}`)).toMatch(/is an address of the hub's own/)
  }
})
