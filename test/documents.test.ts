import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { EXIT } from '../src/app/commands/output.ts'

const read = (path: string): string => readFileSync(join(import.meta.dirname, '..', path), 'utf8')

/** First cells of a page's tables that are code, e.g. `PORT`. */
const listedIn = (path: string, pattern: RegExp): readonly string[] =>
  [...read(path).matchAll(pattern)].map((match) => match[1] ?? '').toSorted()

describe('the operator’s pages', () => {
  it('list every command of the command line', () => {
    const made = [...read('src/app/cli.ts').matchAll(/(\w+)\s*\.command\('([\w-]+)'\)/g)].map(([, group, name]) =>
      group === 'program' ? `${name}` : `${group} ${name}`,
    )
    const leaves = made.filter((command) => !made.some((other) => other.startsWith(`${command} `)))
    expect(listedIn('docs/operating/command-line.md', /^\| `ebizness ([a-z]+(?: [a-z]+)?)/gm)).toEqual(
      leaves.toSorted(),
    )
  })

  it('list every variable of the environment', () => {
    const variables = [...read('src/app/config.ts').matchAll(/^ {2}([A-Z_]+): /gm)].map((match) => match[1])
    expect(listedIn('docs/operating/README.md', /^\| `([A-Z_]+)` \|/gm)).toEqual(variables.toSorted())
  })

  it('list every exit code', () => {
    expect(listedIn('docs/operating/command-line.md', /^\| (\d) \|/gm)).toEqual(
      Object.values(EXIT).map(String).toSorted(),
    )
  })
})
