import { createHmac, randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type NoticeCheck, verifyNotice } from './verify-notice.ts'

const secret = randomBytes(32)
const keys = [`whsec_${secret.toString('base64')}`]
const SECONDS = 1_800_000_000
const notice = { type: 'payment.executed', sequence: 2, data: { eService: 'water', payment: { id: 'pay_1' } } }

/** Signed as the hub would sign it, whatever it is. */
const headersOf = (body: string | Uint8Array): Readonly<Record<string, string>> => {
  const signed = Buffer.concat([Buffer.from(`evt_1.${SECONDS}.`), Buffer.from(body)])
  const signature = `v1,${createHmac('sha256', secret).update(signed).digest('base64')}`
  return { 'webhook-id': 'evt_1', 'webhook-timestamp': String(SECONDS), 'webhook-signature': signature }
}
const checkOf = (body: string | Uint8Array, more: Partial<NoticeCheck> = {}): NoticeCheck => ({
  headers: headersOf(body),
  body,
  keys,
  eService: 'water',
  now: SECONDS * 1_000,
  ...more,
})
const wordOf = (check: NoticeCheck): string => {
  const checked = verifyNotice(check)
  return checked.kind === 'refused' ? checked.reason : checked.kind
}

test.each([
  ['none', []],
  ['a variable that is not set', [undefined]],
  ['one text', keys.join(' ')],
  ['two keys in one text', [`${keys[0]} ${keys[0]}`]],
  ['a key without its beginning', ['AAAA']],
])('keys that are none are a mistake of the program: %s', (_, wrong) => {
  const check = Object.assign(checkOf('{}'), { keys: wrong })
  expect(() => verifyNotice(check)).toThrow(expect.objectContaining({ name: 'TypeError' }))
  expect(() => verifyNotice(check)).toThrow(/^keys: give a list/)
})

test.each([[notice], [undefined], [null]])('a body that a parser had first is refused as that: %j', (body) => {
  expect(wordOf(Object.assign(checkOf('{}'), { body }))).toBe('parsed_body')
})

test('bytes, text and both kinds of headers are read alike', () => {
  const text = JSON.stringify({ ...notice, text: 'Ūdens rēķins' })
  const check = checkOf(text)
  expect(wordOf(check)).toBe('new')
  expect(wordOf({ ...check, body: Buffer.from(text) })).toBe('new')
  expect(wordOf({ ...check, headers: new Headers(headersOf(text)) })).toBe('new')
})

test.each([
  [undefined, 'new'],
  [0, 'new'],
  [1, 'new'],
  [2, 'passed'],
  [3, 'passed'],
])('after sequence %s the second notice is %s', (last, word) => {
  const asked: string[] = []
  const lastSequence = (payment: string) => {
    asked.push(payment)
    return last
  }
  expect(wordOf(checkOf(JSON.stringify(notice), { lastSequence }))).toBe(word)
  expect(asked).toEqual(['pay_1'])
})

describe('what is signed and still not a notice for us', () => {
  test.each([
    ['no JSON', 'payment.executed', 'malformed'],
    ['nothing', '', 'malformed'],
    ['null', 'null', 'malformed'],
    ['a list', '[]', 'malformed'],
    ['without a payment', JSON.stringify({ ...notice, data: { eService: 'water' } }), 'malformed'],
    ['with a sequence that does not count', JSON.stringify({ ...notice, sequence: 1.5 }), 'malformed'],
    ['with a sequence in words', JSON.stringify({ ...notice, sequence: '2' }), 'malformed'],
    [
      'for another e-service',
      JSON.stringify({ ...notice, data: { ...notice.data, eService: 'tax' } }),
      'other_e_service',
    ],
  ])('%s', (_, body, reason) => {
    expect(wordOf(checkOf(body))).toBe(reason)
  })

  test('a header that came twice', () => {
    const body = JSON.stringify(notice)
    const headers = { ...headersOf(body), 'webhook-id': ['evt_1', 'evt_2'] }
    expect(wordOf(checkOf(body, { headers }))).toBe('header_missing')
  })
})

test('nothing makes it throw, and nothing unsigned is believed', () => {
  const anything = fc.record({
    headers: fc.dictionary(fc.constantFrom('webhook-id', 'webhook-timestamp', 'webhook-signature'), fc.string()),
    body: fc.oneof(fc.uint8Array(), fc.json()),
  })
  fc.assert(fc.property(anything, (given) => verifyNotice({ ...checkOf(''), ...given }).kind === 'refused'))
  fc.assert(fc.property(fc.uint8Array(), (body) => wordOf(checkOf(body)) === 'malformed'))
})
