import { execFileSync, spawnSync } from 'node:child_process'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type FreshDatabase, freshDatabase } from './support/database.ts'
import { visit } from './support/payer.ts'
import { builtTree, type Program, runProgram } from './support/program.ts'
import { openTempFolder } from './support/test-server.ts'

/** The commands of docs/operating/new-bank-contract.md, in their order, against a hub in live mode. */

const SLOW_MS = 120_000
const page = readFileSync(join(import.meta.dirname, '../docs/operating/new-bank-contract.md'), 'utf8')
const [file = ''] = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text]) => text)
const commands = [...page.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, text = '']) => text)

let folder: string
let database: FreshDatabase
let hub: Program
let root: string
let cli: string
const env = (): Readonly<Record<string, string>> => ({
  EBIZNESS_MODE: 'live',
  EBIZNESS_PUBLIC_URL: 'https://pay.example',
  EBIZNESS_MASTER_KEY: MASTER_KEY,
  EBIZNESS_LOG_LEVEL: 'warn',
  DATABASE_URL: database.url,
})
const MASTER_KEY = randomBytes(32).toString('base64')

beforeAll(async () => {
  folder = openTempFolder('ebizness-contract-')
  database = await freshDatabase()
  cli = join(await builtTree(), 'dist/app/cli.js')
  mkdirSync(join(folder, 'keys'))
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  writeFileSync(join(folder, 'keys/swedbank-2026.pem'), publicKey.export({ type: 'spki', format: 'pem' }))
  writeFileSync(join(folder, 'cma.yaml'), file)
  hub = await runProgram(['start'], { folder, env: env() })
  const [, port] = await hub.says(/listens on port (\d+)/)
  root = `http://localhost:${port}`
}, SLOW_MS)
afterAll(async () => {
  await hub.stop()
  await database.drop()
  rmSync(folder, { recursive: true, force: true })
})

/** As a person would type it; where the page says the hub's public address, the hub itself is asked, since no proxy stands here. */
const typed = (command: string): string => {
  const npx = `npx() { shift; '${process.execPath}' '${cli}' "$@"; }\n`
  const text = npx + command.replaceAll('https://pay.example', root)
  return execFileSync('sh', ['-e', '-c', text], {
    cwd: folder,
    encoding: 'utf8',
    env: { PATH: process.env.PATH, ...env() },
  })
}

it.runIf(spawnSync('curl', ['--version']).status === 0)(
  'leads from the bank’s letter to the order of the first cent',
  async () => {
    const said = commands.map(typed)
    expect(said).toHaveLength(5)
    expect(said[0]).toContain('senderId')
    expect(said[2]).toMatch(/Done\.\n$/)
    expect(said[3]).toContain('https://pay.example/psp/swedbank-lv/liepkalni-swedbank/')
    expect(said[3]).toContain('BEGIN PUBLIC KEY')
    expect(said.join('')).not.toContain('PRIVATE KEY')
    const ordered: unknown = JSON.parse(said[4] ?? '')
    expect(ordered).toMatchObject({ reference: 'FIRST-CENT-1', amount: 1, status: 'open' })
    const [payUrl = ''] = /https:\/\/pay\.example\/pay\/\w+/.exec(said[4] ?? '') ?? []
    const choice = await visit(payUrl.replace('https://pay.example', root))
    expect(choice.page).toBe('choose')
    expect(choice.text).toContain('value="swedbank-lv"')
  },
  SLOW_MS,
)
