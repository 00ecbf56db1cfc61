import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CALLS_BY_AMOUNT, DECIDED_BY_AMOUNT } from '../src/channels/sandbox/choices.ts'
import { ATTEMPT_STATUSES, FLAGS, PAYMENT_STATUSES } from '../src/payments/facts.ts'
import { PROBLEM_CODES } from '../src/payments/index.ts'
import { RefundView } from '../src/payments/schemas.ts'
import { en } from '../src/platform/texts/en.ts'
import { OWN_CODES } from '../src/sdk/index.ts'
import { isAsSaid, openShell, readSteps, type Shell, type Step, saveFile } from './support/page-run.ts'
import { formsOf, submit, visit } from './support/payer.ts'
import { freePorts } from './support/ports.ts'
import { builtTree, type Program, runProgram } from './support/program.ts'
import { seededFolder } from './support/seed.ts'
import { openTempFolder } from './support/test-server.ts'

/** The integrator's page, followed from top to bottom as a newcomer would: one shell, one demo, one browser. */

const PAGE = readFileSync(join(import.meta.dirname, '../docs/integrating/payments.md'), 'utf8')
const SLOW_MS = 120_000

let demo: Program
let shell: Shell
let folder: string
let data: string
/** The ports on the page, and those that were free here. */
let ports: ReadonlyMap<string, string>
const here = (text: string): string => text.replaceAll(/\b(8080|8081|8082|8090)\b/g, (port) => ports.get(port) ?? port)

beforeAll(async () => {
  data = await seededFolder('ebizness-page-data-')
  folder = openTempFolder('ebizness-page-')
  const tree = await builtTree()
  symlinkSync(join(tree, 'src'), join(folder, 'src'))
  symlinkSync(join(tree, 'docs'), join(folder, 'docs'))
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(tree, join(folder, 'node_modules/ebizness'))
  const env = { EBIZNESS_DATA_DIR: data }
  demo = await runProgram(['demo'], { folder, env })
  await demo.says(/Test mode: no real money/)
  const portAfter = (label: string) => new RegExp(`${label}:? +http://localhost:(\\d+)`).exec(demo.said())?.[1] ?? ''
  const [own] = await freePorts(1)
  ports = new Map([
    ['8080', portAfter('the payment hub')],
    ['8081', portAfter('the simulated banks')],
    ['8082', portAfter('pay a bill')],
    ['8090', String(own)],
  ])
  // What npx does in a clone, without npm's own second.
  const npx = `npx() { shift; node '${join(tree, 'dist/app/cli.js')}' "$@"; }`
  shell = openShell(folder, { ...env, PATH: process.env.PATH ?? '' }, npx)
}, SLOW_MS)
afterAll(async () => {
  await shell?.end()
  await demo?.stop()
  rmSync(folder, { recursive: true, force: true })
  rmSync(data, { recursive: true, force: true })
}, SLOW_MS)

/** Chooses the first bank on the hub's page, and decides on the bank's. */
const pays = async (payUrl: string, choice: string): Promise<void> => {
  const page = await visit(`${payUrl}?choose=yes`)
  const offer = /name="offer"[^>]*value="([^"]+)"/.exec(page.text)?.[1] ?? ''
  const form = formsOf(page).find(({ action }) => action.includes('/choose'))
  if (!form) throw new Error(`nothing to choose on ${page.page}`)
  const bank = await submit(form, { offer })
  const [decide] = formsOf(bank).filter(({ action }) => action.includes('/choose'))
  if (!decide) throw new Error(`nothing to decide on ${bank.url}`)
  expect((await submit(decide, { choice })).page).toBe('paid')
}

const follow = async (step: Step, printed: string): Promise<string> => {
  switch (step.does) {
    case 'start':
      expect(step.text).toBe('npm ci\nnpm start\n')
      return printed
    case 'run':
      return shell.run(here(step.text))
    case 'save':
      saveFile(folder, step.file, here(step.text))
      return printed
    case 'expect':
      expect(isAsSaid(here(step.text), printed), `the page says\n${here(step.text)}and it was\n${printed}`).toBe(true)
      return printed
    case 'payer':
      await pays(printed.trim().split('\n').at(-1) ?? '', step.text)
      return printed
    case 'until': {
      const [address = '', text = ''] = here(step.text).split(' says ')
      const page = () => fetch(address).then((answer) => answer.text())
      await expect.poll(() => page().catch(() => undefined), { timeout: SLOW_MS }).toContain(text)
      return printed
    }
  }
}

it(
  'every command, program and output is as the page says',
  async () => {
    let printed = ''
    for (const step of readSteps(PAGE)) printed = await follow(step, printed)
  },
  SLOW_MS,
)

it('each file is named in the sentence before it', () => {
  for (const step of readSteps(PAGE)) {
    if (step.does !== 'save') continue
    const before = PAGE.slice(0, PAGE.indexOf(step.text)).trimEnd().split('\n').slice(-3).join('\n')
    expect(before).toContain(`\`${step.file}\``)
  }
})

it('its pictures are all there, small, and all shown', () => {
  const folder = join(import.meta.dirname, '../docs/integrating/pictures')
  const pictures = readdirSync(folder).filter((name) => name.endsWith('.png'))
  const shown = [...PAGE.matchAll(/!\[[^\]]{20,}\]\(pictures\/([\w-]+\.png)\)/g)].map(([, name]) => name)
  expect(shown.toSorted()).toEqual(pictures.toSorted())
  for (const name of pictures) expect(statSync(join(folder, name)).size, name).toBeLessThan(60_000)
})

it('a block that nobody follows would be found', () => {
  expect(() => readSteps('```js\nlet a\n```')).toThrow('says no file')
})

describe('the tables hold all there is', () => {
  const listed = (heading: string): readonly string[] => {
    const table = PAGE.slice(PAGE.indexOf(`\n| ${heading} |`) + 1).split('\n\n')[0] ?? ''
    const rows = table.slice(table.indexOf('| ---'))
    return [...rows.matchAll(/^\| `?(\w+)`? \|/gm)].map(([, name = '']) => name)
  }
  const reasons = Object.keys(en).flatMap((key) => /^reason\.(\w+)$/.exec(key)?.[1] ?? [])
  const ending = (amounts: Readonly<Record<number, unknown>>) => Object.keys(amounts)

  it.each([
    ['status', PAYMENT_STATUSES],
    ['flag', FLAGS],
    ['attempt', ATTEMPT_STATUSES],
    ['reason', reasons],
    ['refund', RefundView.shape.status.options],
    ['code', Object.keys(PROBLEM_CODES)],
    ['code of the SDK', OWN_CODES],
    ['amount ends in', [...ending(DECIDED_BY_AMOUNT), ...ending(CALLS_BY_AMOUNT)]],
  ])('of each %s', (heading, all) => {
    expect(all.length).toBeGreaterThan(2)
    expect([...listed(heading)].sort()).toEqual([...all].sort())
  })

  it('and the HTTP status of each problem', () => {
    for (const [code, { status }] of Object.entries(PROBLEM_CODES)) {
      expect(PAGE, code).toContain(`\n| \`${code}\` | ${status} | `)
    }
  })
})
