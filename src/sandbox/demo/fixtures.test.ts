import { createHash, createPublicKey } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { isIban, isRegistrationNumber } from '../../kernel/reference.ts'
import { fixtureFingerprints, isFixtureKey } from '../../platform/crypto/fixture-fingerprints.ts'
import { demoFolder, demoKeys, renderDemoFile, setupsFrom } from './fixtures.ts'

const folder = join(demoFolder, 'keys')
const files = readdirSync(folder).map((name) => ({ name, bytes: readFileSync(join(folder, name)) }))

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
const fingerprint = ({ name, bytes }: (typeof files)[number]) =>
  name.endsWith('.pem') ? sha256(createPublicKey(bytes).export({ type: 'spki', format: 'der' })) : sha256(bytes)

describe('the demo’s throw-away keys', () => {
  test('every shipped key is refused outside test mode, and the list names no other', () => {
    expect(new Set(files.map(fingerprint))).toEqual(new Set(fixtureFingerprints()))
    expect(isFixtureKey(sha256(new Uint8Array()))).toBe(false)
  })

  test.each(files.filter(({ name }) => name.endsWith('.pem')))('$name says that it is a test fixture', ({ bytes }) => {
    expect(bytes.toString().split('\n')[0]).toMatch(/^# Throw-away test fixture, never for real money/)
  })

  test.each(files.filter(({ name }) => name.endsWith('.txt')))('$name says so in the secret itself', ({ bytes }) => {
    expect(bytes.toString()).toMatch(/^sandbox_[A-Z]+_throw-away-test-fixture$/)
  })
})

describe('the demo’s cma.yaml', () => {
  const roots = { bankRoot: 'http://localhost:1', shopRoot: 'http://localhost:2' }
  const file = renderDemoFile(roots)

  test('has every address filled in', () => {
    expect(file).toContain('http://localhost:1/sandbox')
    expect(file).toContain('"http://localhost:2/notices"')
    expect(parse(file).merchants).toHaveLength(2)
    expect(file.split('\n').slice(2).join('\n')).not.toContain('{{')
  })

  test('names merchants and accounts whose check digits are right', () => {
    for (const merchant of parse(file).merchants) {
      expect(isRegistrationNumber(merchant.registrationNumber)).toBe(true)
      for (const account of merchant.accounts) expect(isIban(account.iban)).toBe(true)
    }
  })

  test('tells each simulated bank its agreements, and the world has keys for all of them', () => {
    const setups = setupsFrom(file)
    expect(Object.keys(setups).sort()).toEqual(['sandbox', 'seb-lv', 'swedbank-lv'])
    const ids = Object.values(setups).flatMap((setup) => setup.agreements.map((agreement) => agreement.id))
    expect(ids.sort()).toEqual(Object.keys(demoKeys().agreements).sort())
    expect(setups.sandbox?.agreements[0]?.payee).toEqual({
      iban: 'LV07HABA0000000000001',
      name: 'Liepkalnu novada pašvaldība',
    })
  })
})
