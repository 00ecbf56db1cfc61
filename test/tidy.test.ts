import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  callingOut,
  clock,
  environment,
  fileLength,
  functionLength,
  MAX_FILE_LINES,
  MAX_FUNCTION_LINES,
  plain,
  purity,
  schemas,
  sql,
} from './tidy/code.ts'
import { channelsApart, cycles, directions, doors, type Layers, packages, production } from './tidy/imports.ts'
import { migrations } from './tidy/migrations.ts'
import { type Rule, readSource, show } from './tidy/source.ts'
import { dependencies, documents, machines, names, words } from './tidy/text.ts'

/** Imports go one way. A new folder of `src/` begins with a row here. */
const LAYERS: Layers = {
  kernel: { imports: [], doors: 'every file', packages: [] },
  wire: { imports: ['kernel'], doors: 'every file', packages: [] },
  channels: {
    imports: ['kernel', 'wire'],
    doors: ['channel.ts', 'examples.ts', 'settings.ts', 'simulator.ts', 'simulators.ts', 'conformance/kit.ts'],
    // A channel's folder brings its logo: the list reads it once, when it is loaded.
    packages: ['zod', 'node:fs'],
  },
  platform: { imports: ['kernel'], doors: 'every file' },
  merchants: { imports: ['kernel', 'platform'], typesOf: ['channels'], doors: ['directory.ts'] },
  tasks: { imports: ['kernel', 'platform'], doors: [] },
  notices: { imports: ['kernel', 'platform', 'tasks'], doors: ['events.ts'] },
  payments: {
    imports: ['kernel', 'platform', 'merchants', 'tasks', 'notices'],
    typesOf: ['channels'],
    doors: ['facts.ts'],
  },
  // Runs in other people's programs: it brings nothing along.
  sdk: { imports: [], doors: [], packages: ['node:crypto', 'node:timers/promises', 'node:util'] },
  sandbox: { imports: ['kernel', 'wire', 'channels', 'platform', 'sdk'], doors: [] },
  app: {
    imports: ['kernel', 'wire', 'channels', 'platform', 'merchants', 'tasks', 'notices', 'payments', 'sdk', 'sandbox'],
    doors: [],
  },
}

/** Folders of `src/channels/` that are a protocol several banks speak. */
const FAMILIES = ['ipizza']

/** No clock, no chance, no machine. */
const PURE = ['src/kernel/', 'src/wire/', 'src/channels/', 'src/payments/payment.ts', 'src/payments/attempt.ts']

/** The only commands that may load simulated banks; the command line loads each when it is called. */
const SIMULATED = ['src/app/commands/demo.ts']

const root = join(import.meta.dirname, '..')
const SKIPPED = /^(node_modules|dist|coverage|\.git|\.ebizness)$/
const READ = /\.(ts|mjs|js|json|md|ya?ml|sql|scss|svg|toml)$|^(\.npmrc|LICENSE|run)$/

const listFiles = (folder: string): readonly string[] =>
  readdirSync(join(root, folder), { withFileTypes: true })
    .filter((entry) => !SKIPPED.test(entry.name))
    .flatMap((entry) => (entry.isDirectory() ? listFiles(`${folder}${entry.name}/`) : [`${folder}${entry.name}`]))

const paths = listFiles('')
/** What a production process begins with. */
const ENTRIES = paths.filter(
  (path) =>
    /^src\/app\/(index|cli|commands\/[\w.-]+)\.ts$/.test(path) &&
    !path.endsWith('.test.ts') &&
    !SIMULATED.includes(path),
)
const sources = paths
  .filter((path) => READ.test(path.split('/').at(-1) ?? ''))
  .map((path) => readSource(path, readFileSync(join(root, path), 'utf8')))
const packageFile: { readonly scripts: Readonly<Record<string, string>> } = JSON.parse(
  readFileSync(join(root, 'package.json'), 'utf8'),
)

const linesOf = (count: number, line = 'x()'): string => Array.from({ length: count }, () => line).join('\n')

/** Each rule with the smallest thing that breaks it and, beside it, what it must let pass. `·` keeps an example from being a finding itself. */
type Case = {
  readonly rule: string
  readonly check: Rule
  readonly bad: readonly Readonly<Record<string, string>>[]
  readonly good: Readonly<Record<string, string>>
}

const cases: readonly Case[] = [
  {
    rule: 'imports go one way',
    check: directions(LAYERS),
    bad: [
      { 'src/kernel/money.ts': "import { statement } from '../platform/db/db.ts'" },
      { 'src/payments/inbox.ts': "import { channels } from '../channels/index.ts'" },
      { 'src/payments/inbox.ts': "import { type Channel } from '../channels/channel.ts'" },
      { 'src/merchants/apply.ts': "export * from '../payments/index.ts'" },
      { 'src/app/compose.ts': "import { freshDatabase } from '../../test/support/database.ts'" },
      { 'src/shop/index.ts': "import { money } from '../kernel/money.ts'" },
    ],
    good: {
      'src/payments/inbox.ts': "import type { Channel } from '../channels/channel.ts'",
      'src/payments/inbox.test.ts': "import { channels } from '../channels/index.ts'",
    },
  },
  {
    rule: 'another module is imported by its door',
    check: doors(LAYERS),
    bad: [
      { 'src/payments/commands.ts': "import { append } from '../notices/feed.ts'" },
      { 'src/payments/commands.test.ts': "import { append } from '../notices/feed.ts'" },
      { 'src/app/compose.ts': "const jobs = await import('../platform/jobs/store.ts')" },
    ],
    good: {
      'src/payments/commands.ts':
        "import { openNotices } from '../notices/index.ts'\nimport { rows } from './store.ts'",
      'src/payments/store.ts': "import { statement } from '../platform/db/db.ts'",
    },
  },
  {
    rule: 'pure folders name the packages they use',
    check: packages(LAYERS),
    bad: [
      { 'src/channels/somebank/channel.ts': "import { sign } from 'node:crypto'" },
      { 'src/kernel/ids.ts': "import { z } from 'zod'" },
    ],
    good: {
      'src/channels/somebank/channel.ts': "import { z } from 'zod'",
      'src/channels/somebank/channel.test.ts': "import { it } from 'vitest'",
    },
  },
  {
    rule: 'channels stand apart',
    check: channelsApart(FAMILIES),
    bad: [{ 'src/channels/somebank/channel.ts': "import { fields } from '../otherbank/channel.ts'" }],
    good: {
      'src/channels/somebank/channel.ts': "import { family } from '../ipizza/family.ts'",
      'src/channels/index.ts': "import { somebank } from './somebank/index.ts'",
    },
  },
  {
    rule: 'no imports in a circle',
    check: cycles,
    bad: [
      {
        'src/kernel/a.ts': "import { b } from './b.ts'",
        'src/kernel/b.ts': "import { c } from './c.ts'",
        'src/kernel/c.ts': "import { a } from './a.ts'",
      },
      { 'src/kernel/a.ts': "export * from './a.ts'" },
    ],
    good: { 'src/kernel/a.ts': "import { b } from './b.ts'", 'src/kernel/b.ts': "import type { A } from './a.ts'" },
  },
  {
    rule: 'production loads no simulator',
    check: production(ENTRIES),
    bad: [
      {
        'src/app/cli.ts': "import { startWorld } from '../sandbox/index.ts'",
        'src/sandbox/index.ts': '',
      },
      {
        'src/app/index.ts': "import { channels } from '../channels/index.ts'",
        'src/channels/index.ts': "import { bank } from './ipizza/simulator.ts'",
      },
    ],
    good: {
      'src/app/cli.ts': "const world = await import('../sandbox/index.ts')",
      'src/sandbox/index.ts': "import { bank } from '../channels/ipizza/simulator.ts'",
    },
  },
  {
    rule: `files have at most ${MAX_FILE_LINES} lines`,
    check: fileLength,
    bad: [{ 'src/wire/form.ts': linesOf(MAX_FILE_LINES + 1) }, { 'build.mjs': linesOf(MAX_FILE_LINES + 1) }],
    good: { 'src/wire/form.ts': linesOf(MAX_FILE_LINES), 'CHANGELOG.md': linesOf(MAX_FILE_LINES + 1, 'text') },
  },
  {
    rule: `functions have at most ${MAX_FUNCTION_LINES} lines`,
    check: functionLength,
    bad: [
      { 'src/wire/form.ts': `const f = () => {\n${linesOf(MAX_FUNCTION_LINES - 1)}\n}` },
      {
        'src/wire/form.ts': `const f = () => {\nconst g = () => 1\nlist.map(() => {\n${linesOf(MAX_FUNCTION_LINES)}\n})\n}`,
      },
      { 'src/wire/form.test.ts': `it('reads', async () => {\n${linesOf(MAX_FUNCTION_LINES)}\n})` },
    ],
    good: {
      'src/wire/form.ts': `function f() {\n${linesOf(MAX_FUNCTION_LINES - 2)}\n}`,
      'src/wire/form.test.ts': `describe('a form', () => {\n${linesOf(MAX_FUNCTION_LINES)}\n})`,
      'src/platform/jobs/worker.ts': `const open = () => {
        const start = () => {\n${linesOf(40)}\n}
        return { start, stop: () => {\n${linesOf(40)}\n} }
      }`,
    },
  },
  {
    rule: 'only kernel/time.ts mentions Date',
    check: clock,
    bad: [
      { 'src/payments/jobs.ts': 'const now = Date.now()' },
      { 'src/payments/jobs.ts': 'type Row = { readonly at: Date }' },
      { 'test/journeys/pay.test.ts': 'const now = new Date()' },
    ],
    good: {
      'src/kernel/time.ts': 'export const now = () => Date.now()',
      'src/payments/api.ts': "// Date\nconst headers = { Date: 'x' }\nconst day = row.Date",
    },
  },
  {
    rule: 'only app reads the environment',
    check: environment,
    bad: [
      { 'src/platform/log.ts': 'const level = process.env.LEVEL' },
      { 'src/platform/log.ts': 'const { env } = process' },
    ],
    good: {
      'src/app/config.ts': 'const all = process.env',
      'src/platform/log.ts': "// process.env\nprocess.on('x', y)",
    },
  },
  {
    rule: 'only platform/http/client.ts calls out',
    check: callingOut,
    bad: [
      { 'src/notices/delivery.ts': "await fetch('https://shop.example')" },
      { 'src/notices/delivery.ts': "import { request } from 'undici'" },
      { 'src/sandbox/world.ts': "import { request } from 'node:https'" },
      { 'src/payments/receipts/mail.ts': "import { createTransport } from 'nodemailer'" },
    ],
    good: {
      'src/platform/http/client.ts': "import { request } from 'undici'",
      'src/sdk/hub.ts': "await fetch('https://hub.example')",
      'src/notices/delivery.test.ts': "await fetch('http://127.0.0.1')",
      'src/app/server.ts': "import { createServer } from 'node:http'\nhub.fetch(request)",
      'src/app/listen.ts': 'const listen = (fetch: Fetch) => fetch(request)',
    },
  },
  {
    rule: 'pure code has no effects',
    check: purity(PURE),
    bad: [
      { 'src/channels/somebank/channel.ts': 'const nonce = Math.random()' },
      { 'src/kernel/ids.ts': 'const id = crypto.randomUUID()' },
      { 'src/payments/payment.ts': "console.warn('odd')" },
    ],
    good: { 'src/payments/jobs.ts': 'setTimeout(run, 5)', 'src/wire/form.ts': 'const fields = message.process' },
  },
  {
    rule: 'only stores write SQL',
    check: sql,
    bad: [
      { 'src/payments/inbox.ts': 'db.query(`select * from payments.payment order by id`)' },
      { 'src/merchants/apply.ts': "const text = 'insert into merchants.merchant (id) values ($1)'" },
      { 'src/app/compose.ts': "const text = 'with gone as (delete from a.b returning id) select 1'" },
    ],
    good: {
      'src/payments/store.ts': "const find = statement('find', 'select id from payments.payment')",
      'src/payments/store/inbox.ts': "const text = 'select 1'",
      'src/payments/pages/choose.ts': "const hint = 'Select your bank from the list'",
    },
  },
  {
    rule: 'a store touches its own schema',
    check: schemas(Object.keys(LAYERS)),
    bad: [
      { 'src/payments/store.ts': "const text = 'select id from merchants.agreement'" },
      { 'src/payments/store.ts': 'const text = `insert into notices.event default values`' },
      { 'src/payments/migrations/0001_payments.sql': 'create table public.payment ()' },
    ],
    good: {
      'src/payments/store.ts': "const text = 'select p.id from payments.payment p'",
      'src/payments/migrations/0001_payments.sql': '-- as merchants.merchant\ncreate table payments.payment ()',
    },
  },
  {
    rule: 'the release before goes on while a migration runs',
    check: migrations,
    bad: [
      { 'src/payments/migrations/0099_less.sql': 'alter table payments.payment drop column details' },
      { 'src/payments/migrations/0099_index.sql': 'create index one on payments.payment (id)' },
    ],
    good: { 'src/payments/migrations/0099_more.sql': 'alter table payments.payment add column more text' },
  },
  {
    rule: 'TypeScript is plain',
    check: plain,
    bad: [
      { 'src/payments/inbox.ts': 'class Inbox {}' },
      { 'src/payments/inbox.ts': 'const row = rows as any' },
      { 'src/payments/inbox.ts': 'const row = rows as unknown as Row' },
    ],
    good: { 'src/payments/inbox.ts': "class Lost extends Error {}\nconst kinds = ['a'] as const" },
  },
  {
    rule: 'no notes of work and no tests switched off',
    check: words,
    bad: [
      { 'src/payments/inbox.ts': '// TO·DO: later' },
      { 'docs/states.md': 'FIX·ME' },
      { 'src/payments/inbox.test.ts': "it.on·ly('reads', f)" },
      { 'src/payments/inbox.test.ts': "describe.sk·ip('reads', f)" },
      { 'src/payments/inbox.ts': '// @ts-ign·ore' },
    ],
    good: { 'src/payments/inbox.ts': "const method = 'todo'\nconst noCurrency = 'XXX'" },
  },
  {
    rule: 'names say something',
    check: names,
    bad: [{ 'src/payments/utils.ts': '' }, { 'src/payments/helpers/x.ts': '' }, { 'src/payments/inBox.ts': '' }],
    good: { 'src/bank-data/statement.ts': '', 'src/payments/payment.laws.test.ts': '', 'README.md': '' },
  },
  {
    rule: 'nothing is true on one machine only',
    check: machines,
    bad: [
      { 'src/app/config.ts': "const folder = '/ho·me/anna/keys'" },
      { 'README.md': 'Run /ro·ot/x/start.' },
      { 'CONTRIBUTING.md': 'packages come from registry.npm·js.org' },
    ],
    good: { 'src/app/config.ts': "const address = 'https://shop.example/home/anna'", 'README.md': 'src/work/x' },
  },
  {
    rule: 'dependencies are pinned by version alone',
    check: dependencies,
    bad: [
      { 'package-lock.json': '{ "resolved": "https://somewhere.example/hono.tgz" }' },
      { 'package.json': '{ "dependencies": { "hono": "^4.0.0" } }' },
    ],
    good: { 'package.json': '{ "engines": { "node": ">=20.19" }, "dependencies": { "hono": "4.0.0" } }' },
  },
  {
    rule: 'documents point at what exists',
    check: documents(new Set(['docs/states.md', ...paths]), [...Object.keys(packageFile.scripts)]),
    bad: [{ 'README.md': 'See [states](docs/nowhere.md).' }, { 'README.md': 'Run `npm run fly`.' }],
    good: {
      'docs/states.md':
        'See [the tests](../test/), [this](#laws) and [that](https://rule.example). Run `npm run check`.',
    },
  },
]

describe.each(cases)('$rule', ({ check, bad, good }) => {
  const find = (files: Readonly<Record<string, string>>): readonly string[] =>
    check(Object.entries(files).map(([path, text]) => readSource(path, text.replaceAll('·', '')))).map(show)

  it('finds what breaks it', () => {
    for (const files of bad) expect(find(files), JSON.stringify(files)).not.toEqual([])
  })
  it('lets pass what does not', () => {
    expect(find(good)).toEqual([])
  })
  it('holds in this project', () => {
    expect(check(sources).map(show).join('\n')).toBe('')
  })
})
