import type { Chance } from '../../torture/chance.ts'

/** Values that have broken programs before. */

/** Stands for JSON that `JSON.stringify` would not write: the text between the marks goes out as it is. */
const RAW = '\u0001'
export const raw = (json: string): string => `${RAW}${json}${RAW}`
export const jsonText = (value: unknown): string =>
  JSON.stringify(value).replaceAll(/"\\u0001((?:[^"\\]|\\(?!u0001)[\s\S])*)\\u0001"/g, (_, inner: string) =>
    JSON.parse(`"${inner}"`),
  )
/** The value as a parser reads it. */
export const readBack = (value: unknown): unknown => (value === undefined ? undefined : JSON.parse(jsonText(value)))

export const STRANGE_TEXTS: readonly string[] = [
  '',
  ' ',
  'a',
  'ā',
  '\u0000',
  'a\u0000b',
  '\ud800',
  'x\udfffy',
  '\u202eabc\u202c',
  '\ufeff',
  '\u200b',
  'ﷺ',
  'Z̷̢̛a̶l̴g̵o̷',
  '👩‍👩‍👧‍👦',
  'a\r\nSet-Cookie: a=b',
  "'; drop table payments.payment; --",
  "' or '1'='1",
  '#{7*7}{{7*7}}<%= 7*7 %>',
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  '&lt;b&gt;&#0;&amp;',
  '../../../../etc/passwd',
  '..\\..\\x',
  '%00%ff%2e%2e%2f',
  '__proto__',
  'constructor',
  'toString',
  'null',
  'undefined',
  'NaN',
  'true',
  '0',
  '-0',
  '1e309',
  '0x10',
  '١٢٣',
  '=cmd|calc!A1',
  'javascript:alert(1)',
  'file:///etc/passwd',
  'http://169.254.169.254/',
  'http://user:word@localhost/',
  'http://localhost:1/\u0000',
  '2026-02-30T00:00:00Z',
  '2026-11-25T24:00:00Z',
  '2026-11-25T00:00:60Z',
  '+275760-09-13T00:00:00.001Z',
  '9999-12-31T23:59:59.999999999999Z',
  '0000-01-01T00:00:00Z',
  '1970-01-01T00:00:00+99:99',
]

const LENGTHS = [35, 36, 60, 61, 120, 121, 139, 140, 141, 200, 201, 254, 255, 1_999, 2_001, 20_000]

/** A text of a length at which something may end, in letters of one, two or four bytes. */
const longText = (chance: Chance): string => chance.pick('a', 'ž', '😀', ' ').repeat(chance.pick(1, ...LENGTHS))

const [FIRST_TEXT = '', ...OTHER_TEXTS] = STRANGE_TEXTS
export const strangeText = (chance: Chance): string =>
  chance.happens(0.3) ? longText(chance) : chance.pick(FIRST_TEXT, ...OTHER_TEXTS)

const STRANGE_NUMBERS = ['0', '-0', '-1', '1', '0.5', '1e2', '1e309', '-1e309', '1e-400', '99999999999', '100000000000']
const BIG_NUMBERS = ['9007199254740991', '9007199254740993', '123456789012345678901234567890', '2147483648', '1.0']

/** Any JSON in any place. */
export const strangeValue = (chance: Chance): unknown => {
  const kind = chance.between(0, 9)
  if (kind < 5) return strangeText(chance)
  if (kind < 7) return raw(chance.pick('2', ...STRANGE_NUMBERS, ...BIG_NUMBERS))
  return chance.pick<unknown>(
    null,
    true,
    false,
    [],
    {},
    [[]],
    [null],
    { lv: 'a' },
    { __proto__: null },
    raw('{"__proto__":"x"}'),
    raw('{"__proto__":{"polluted":"yes"},"constructor":{"prototype":{"polluted":"yes"}}}'),
    raw('[".",1,null,{}]'),
    raw('{"lv":"a","lv":"b"}'),
    raw('['.repeat(3_000) + ']'.repeat(3_000)),
    raw(`${'{"a":'.repeat(2_000)}1${'}'.repeat(2_000)}`),
    raw(`{${Array.from({ length: 500 }, (_, n) => `"k${n}":"v"`).join(',')}}`),
    raw(`[${'"sandbox",'.repeat(51)}"x"]`),
    raw('"\\ud83d"'),
    raw('"\\u0000"'),
  )
}

/** In a path or query, percent-encoded already. */
export const STRANGE_SEGMENTS: readonly string[] = [
  '%00',
  '%ff',
  '%ed%a0%80',
  '%2e%2e%2f%2e%2e',
  '..',
  '%',
  '%zz',
  '%25%30%30',
  'a'.repeat(5_000),
  '__proto__',
  'pay_',
  'PAY_0123456789ABCDEFGHJKMNPQRS',
  'pay_00000000000000000000000000',
  'pay_zzzzzzzzzzzzzzzzzzzzzzzzzz',
  'evt_00000000000000000000000000',
  'rfd_00000000000000000000000000',
  `'%20or%20'1'='1`,
  '%3Cscript%3E',
  '%F0%9F%98%80',
  '-1',
  '0',
  '1e2',
  '0x10',
  '%2B5',
  '%D9%A1',
  '5.0',
  '%205',
  'NaN',
  'Infinity',
  '99999999999999999999',
  ';',
  '*',
]
