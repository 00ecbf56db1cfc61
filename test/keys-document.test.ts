import { execFileSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { clientMaterial, parseMasterKeys, privateKeyMaterial, publicKeyMaterial } from '../src/platform/crypto/index.ts'
import { openTempFolder } from './support/test-server.ts'

/** The commands of docs/operating/keys.md, as they stand there: what they make is what the hub takes. */

const page = readFileSync(join(import.meta.dirname, '../docs/operating/keys.md'), 'utf8')
let folder: string
const made = (name: string): string => readFileSync(join(folder, name), 'utf8')

beforeAll(() => {
  folder = openTempFolder('ebizness-keys-')
  const commands = [...page.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, text]) => text).join('')
  execFileSync('sh', ['-e', '-c', commands], { cwd: folder, stdio: 'ignore' })
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

it.each([
  ['a master key', () => parseMasterKeys(made('master.key').trim())],
  ['a rotated master key', () => parseMasterKeys(`2:${made('master.key').trim()},1:${made('master.key').trim()}`)],
  ['our key for a bank', () => privateKeyMaterial(made('liepkalni-swedbank.pem'))],
  ['its public half', () => publicKeyMaterial(made('liepkalni-swedbank.public.pem'))],
  ['the bank’s next key', () => publicKeyMaterial(made('swedbank-2027.pem'))],
  ['a pair for mutual TLS', () => clientMaterial(made('client.pem'), made('client.key'))],
  ['a private key of signed orders', () => privateKeyMaterial(made('property-tax-orders.key'))],
  ['its public half too', () => publicKeyMaterial(made('property-tax-orders.pem'))],
])('%s made by the page’s commands is taken', (_what, read) => {
  const answer = read()
  expect(answer.ok ? '' : answer.error).toBe('')
})
