import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { base32 } from '../kernel/ids.ts'
import { secret } from '../kernel/secret.ts'
import { createLog, type Fields, type LogLevel } from './log.ts'

const logged = (fields: Fields, sentence = 'something happened', level: LogLevel = 'debug') => {
  const lines: string[] = []
  createLog({ level, to: { write: (line: string) => lines.push(line) } }).info(fields, sentence)
  return lines.join('')
}

describe('the log', () => {
  it('writes one line of JSON with a time, a level and a sentence', () => {
    const line = logged({ payment: 'pay_1' }, 'payment begun')
    expect(line.endsWith('\n')).toBe(true)
    expect(JSON.parse(line)).toMatchObject({ level: 30, payment: 'pay_1', message: 'payment begun', pid: process.pid })
    expect(JSON.parse(line).time).toMatch(/^\d{4}-\d{2}-\d{2}T/)
  })

  it('says nothing below its level', () => {
    expect(logged({}, 'x', 'warn')).toBe('')
    expect(logged({}, 'x', 'silent')).toBe('')
  })

  it('keeps the cause of an error, with its code', () => {
    const error = new Error('no answer', { cause: Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }) })
    expect(JSON.parse(logged({ error })).error).toMatchObject({
      message: 'no answer',
      cause: { message: 'refused', code: 'ECONNREFUSED' },
    })
  })
})

describe('masking by the name of a field', () => {
  it.each<[string, Fields]>([
    ['the payer', { payer: { name: 'PRIVATE', email: 'PRIVATE' } }],
    [
      'names and accounts a bank sends',
      { fields: { VK_SND_NAME: 'PRIVATE', VK_SND_ACC: 'PRIVATE', IB_PAYER_NAME: 'PRIVATE' } },
    ],
    [
      'headers that let somebody in',
      { headers: { Authorization: 'PRIVATE', cookie: 'PRIVATE', 'Set-Cookie': ['PRIVATE'] } },
    ],
    [
      'codes of persons',
      { deep: [{ personalCode: 'PRIVATE', personal_code: 'PRIVATE', registrationNumber: 'PRIVATE' }] },
    ],
    ['keys and secrets', { key: secret('PRIVATE'), privateKey: 'PRIVATE', apiKey: 'PRIVATE', password: 'PRIVATE' }],
    ['bytes', { body: new TextEncoder().encode('PRIVATE') }],
    ['what lies too deep', { a: { b: { c: { d: { e: { f: { g: { h: { i: 'PRIVATE' } } } } } } } } }],
    ['the detail of a database error', { error: Object.assign(new Error('duplicate key'), { detail: 'PRIVATE' }) }],
  ])('hides %s', (_name, fields) => {
    expect(logged(fields)).not.toContain('PRIVATE')
  })
})

/** All invented. */
const PRIVATE_TEXTS: readonly (readonly [string, string])[] = [
  ['an account', 'LV07HABA0000000000001'],
  ['an account in groups', 'LV07 HABA 0000 0000 0000 1'],
  ['an Estonian account', 'EE382200221020145685'],
  ['a short account, of Norway', 'NO9386011117947'],
  ['a long account, of Malta', 'MT84 MALT 0110 0001 2345 MTLC AST0 01S'],
  ['an e-mail address', 'anna.liepa+nin@liepkalni.example'],
  ['a Latvian personal code', '010190-12345'],
  ['a new Latvian personal code', '32999912345'],
  ['an Estonian personal code', '39001010006'],
  ['an API key', 'sk_test_0123456789abcdef'],
  ['a notice secret', 'whsec_MfKQ9r8GKYqrTwjU'],
  ['a token', 'eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJwYXkifQ.c2lnbmF0dXJl'],
  ['a private key', '-----BEGIN PRIVATE KEY-----\nMIIEvQIBADAN\n-----END PRIVATE KEY-----'],
]

describe('masking by looks', () => {
  it.each(PRIVATE_TEXTS)('hides %s in a sentence, a field, an error and an address', (_name, text) => {
    const line = logged(
      { note: `about ${text}.`, list: [text], error: new Error(`cannot pay ${text}`) },
      `the bank said ${text} twice: ${text}`,
    )
    for (const part of text.split('\n')) expect(line).not.toContain(part)
  })

  it('hides the password of a database address and what a bank puts into a query', () => {
    const line = logged({ url: 'postgres://hub:PRIVATE@db/hub' }, 'GET /psp/x/back?VK_SND_NAME=PRIVATE&VK_STAMP=1001')
    expect(line).not.toContain('PRIVATE')
    expect(line).toContain('VK_STAMP=1001')
  })

  it.each([
    'pay_01jd0c3a7xk5m2n8p4q6r9s1t',
    'NIN-2026-000123',
    '2026-11-23T08:00:00.000Z',
    'liepkalni-swedbank',
    '1234567',
    // A number to quote whose letters and digits stand as in an account.
    'XN04-29AB-CDEF-G',
  ])('leaves what support staff need: %s', (text) => {
    expect(JSON.parse(logged({ note: text })).note).toBe(text)
  })

  it('leaves every number of a request, so that support staff find the one that was quoted', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 8, maxLength: 8 }), (bytes) => {
        const request = base32(bytes).toUpperCase()
        expect(JSON.parse(logged({ request }, `request ${request} POST`))).toMatchObject({
          request,
          message: `request ${request} POST`,
        })
      }),
      // Numbers that begin as an account does are one in twenty.
      { numRuns: 500, examples: [[Uint8Array.of(0x55, 0x54, 0x20, 0, 0, 0, 0, 0)]] },
    )
    expect(JSON.parse(logged({ request: 'LV07HABA00000' })).request).toBe('LV07HABA00000')
  })

  it('hides an account behind words that look like the beginning of one', () => {
    for (const before of ['AB12 ', 'AB12 CD34 ', 'RF18 5390 ', '_', '='])
      expect(logged({ note: `${before}LV07HABA0000000000001 EUR` })).not.toContain('HABA')
  })

  it('holds for every text around what is private', () => {
    const surroundings = fc.string({ unit: 'grapheme-ascii' }).map((text) => text.replace(/[\w.+@/=-]/g, ' '))
    fc.assert(
      fc.property(fc.constantFrom(...PRIVATE_TEXTS), surroundings, surroundings, ([, text], before, after) => {
        expect(logged({ note: before + text + after })).not.toContain(text)
      }),
    )
  })

  it('takes whatever is given', () => {
    fc.assert(
      fc.property(fc.anything({ withBigInt: true, withMap: true, withSet: true, withTypedArray: true }), (value) => {
        expect(() => JSON.parse(logged({ value }))).not.toThrow()
      }),
    )
    const circle: Record<string, unknown> = {}
    circle.itself = circle
    expect(() => logged({ circle })).not.toThrow()
  })
})
