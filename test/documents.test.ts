import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import { EXIT } from '../src/app/commands/output.ts'
import { commandLine } from '../src/app/program.ts'
import { NOTICE_TASK_WORDS } from '../src/notices/task-words.ts'
import { MESSAGE_TASK_WORDS } from '../src/payments/message-tasks.ts'
import { PAYMENT_TASK_WORDS } from '../src/payments/task-words.ts'
import { RULINGS } from '../src/tasks/index.ts'

const read = (path: string): string => readFileSync(join(import.meta.dirname, '..', path), 'utf8')

/** First cells of a page's tables that are code, e.g. `PORT`. */
const listedIn = (path: string, pattern: RegExp): readonly string[] =>
  [...read(path).matchAll(pattern)].map((match) => match[1] ?? '').toSorted()

/** Each command that does something, with its name as it is typed. */
const leavesOf = (command: Command, above = ''): readonly (readonly [name: string, command: Command])[] =>
  command.commands.flatMap((one) => {
    const name = `${above}${one.name()}`
    return one.commands.length === 0 ? [[name, one] as const] : leavesOf(one, `${name} `)
  })
const leaves = leavesOf(commandLine())

const helpOf = (command: Command): string => {
  let shown = ''
  const writeOut = (text: string): void => {
    shown += text
  }
  command.configureOutput({ writeOut }).outputHelp()
  return shown
}

const PAGES = [
  'README.md',
  'CHANGELOG.md',
  ...readdirSync(join(import.meta.dirname, '../docs'), { recursive: true, encoding: 'utf8' }).map(
    (path) => `docs/${path}`,
  ),
].filter((path) => path.endsWith('.md'))

/** What a page would have somebody type that the command line does not know: `ebizness`, a command, its options. */
const unknownIn = (page: string): readonly string[] =>
  [...read(page).matchAll(/\bebizness ([a-z]+)(?: ([a-z]+))?([^`\n|;]*)/g)].flatMap(
    ([typed, one = '', two, rest = '']) => {
      const names = [`${one} ${two}`, one]
      const [, command] = leaves.find(([name]) => names.includes(name)) ?? []
      const isGroup = leaves.some(([name]) => name.startsWith(`${one} `))
      if (!command) return isGroup && two === undefined ? [] : [typed]
      const known = command.options.map(({ long }) => long)
      return [...rest.matchAll(/--[a-z][a-z-]*/g)].filter(([option]) => !known.includes(option)).map(() => typed)
    },
  )

describe.each(PAGES)('%s', (page) => {
  it('names commands and options that there are', () => {
    expect(unknownIn(page)).toEqual([])
  })
})

describe('the operator’s pages', () => {
  it('list every command of the command line', () => {
    const documented = listedIn('docs/operating/command-line.md', /^\| `ebizness ([a-z]+(?: [a-z]+)?)/gm)
    expect(documented).toEqual(leaves.map(([name]) => name).toSorted())
  })

  it('name every option of a command in its row, and none that it does not have', () => {
    const rows = read('docs/operating/command-line.md').split('\n')
    const options = leaves.map(([name, command]) => {
      const row = rows.find((line) => new RegExp(`^\\| \`ebizness ${name}\\b`).test(line)) ?? ''
      const named = [...new Set([...row.matchAll(/--[a-z][a-z-]*/g)].map(([option]) => option))]
      return [name, named.filter((option) => option !== '--json').toSorted(), command] as const
    })
    for (const [name, named, command] of options) {
      const made = command.options.map(({ long }) => `${long}`).filter((option) => option !== '--json')
      expect([name, named]).toEqual([name, made.toSorted()])
    }
  })

  it('list every kind of task with its heading and the rulings it takes', () => {
    const rows = [...read('docs/operating/tasks.md').matchAll(/^\| `(\w+)` \| ([^|]+?) \|.*\| ([^|]+?) \|$/gm)]
    const documented = rows.map(([, kind, title, rulings]) => `${kind}: ${title}: ${rulings}`)
    const made = Object.entries({ ...PAYMENT_TASK_WORDS, ...MESSAGE_TASK_WORDS, ...NOTICE_TASK_WORDS }).map(
      ([kind, words]) =>
        `${kind}: ${words.title}: ${Object.keys(words.rulings)
          .map((as) => `\`${as}\``)
          .join(' ')}`,
    )
    expect(documented).toEqual(made)
    const rulings = listedIn('docs/operating/tasks.md', /^\| `([\w-]+)` \| [^|]+ \|$/gm)
    expect(rulings).toEqual(RULINGS.toSorted())
  })

  it('list every variable of the environment', () => {
    const variables = [...read('src/app/config.ts').matchAll(/^ {2}([A-Z_]+): /gm)].map((match) => match[1])
    expect(listedIn('docs/operating/configure.md', /^\| `([A-Z_]+)` \|/gm)).toEqual(variables.toSorted())
  })

  it('list every exit code', () => {
    expect(listedIn('docs/operating/command-line.md', /^\| (\d) \|/gm)).toEqual(
      Object.values(EXIT).map(String).toSorted(),
    )
  })
})

describe.each(leaves)('the help of %s', (name, command) => {
  it('says what it does, what each option is for, and how it is typed, within 80 columns', () => {
    expect(command.description()).toMatch(/\S+ \S+/)
    for (const one of [...command.options, ...command.registeredArguments]) expect(one.description).not.toBe('')
    const help = helpOf(command)
    expect(help).toMatch(new RegExp(`\nExamples:\n  (\\S+=\\S+ )*ebizness ${name}\\b`))
    expect(help.split('\n').filter((line) => line.length > 80)).toEqual([])
  })
})
