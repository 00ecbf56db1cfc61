import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { exampleChannels, exampleFiles, exampleNow, exampleYaml, sourcesOf } from '../../test/support/merchants.ts'
import { type Mode, readCmaFile, showProblem } from './index.ts'

const read = (text: string, mode: Mode = 'test', files = exampleFiles) =>
  readCmaFile({
    file: 'cma.yaml',
    text,
    channels: exampleChannels,
    sources: sourcesOf(files),
    mode,
    now: exampleNow,
    languages: ['lv', 'en'],
  })

const problemsOf = async (text: string, mode?: Mode, files?: typeof exampleFiles): Promise<readonly string[]> => {
  const result = await read(text, mode, files)
  return result.ok ? [] : result.error.map(showProblem)
}

/** Line and column (from 1) of the first place where the text stands. */
const placeOf = (text: string, found: string): string => {
  const before = text.slice(0, text.indexOf(found)).split('\n')
  return `${before.length}:${(before.at(-1)?.length ?? 0) + 1}`
}

/** What is replaced, by what, where the problem is told, and how. */
const mistakes: readonly (readonly [what: string, from: string, to: string, at: string, sentence: string])[] = [
  ['a key twice', '    support: {', '    id: again\n    support: {', 'id: again', 'unique'],
  ['a colour without quotes', '"#1D4F91"', '#1D4F91', '#1D4F91', 'put the colour in quotes, "#1D4F91"'],
  ['broken YAML', 'accounts:\n', 'accounts: ]\n', ']', 'Unexpected flow-seq-end token'],
  ['another version', 'version: 1', 'version: 2', '2', 'version: must be 1'],
  [
    'an unknown name',
    '    support: {',
    '    colour: red\n    support: {',
    'colour',
    '"colour" is not known here: known are id, name, registrationNumber',
  ],
  [
    'a missing name',
    '        account: swedbank\n',
    '',
    'id: liepkalni-link',
    'agreements[0].account: is missing: add it',
  ],
  [
    'a number without quotes',
    '"90999900005"',
    '90999900005',
    '90999900005',
    'must be a text, not a whole number: put it in quotes',
  ],
  [
    'a wrong registration number',
    '90999900005',
    '90999900006',
    '"90999900006"',
    'is not a Latvian registration number',
  ],
  [
    'wrong check digits',
    'LV07HABA0000000000001',
    'LV08HABA0000000000001',
    'LV08',
    'the check digits of this IBAN do not fit',
  ],
  [
    'an id with capitals',
    'id: liepkalni-link',
    'id: Liepkalni',
    'Liepkalni\n',
    'must be small letters, digits and hyphens',
  ],
  [
    'an unknown channel',
    'channel: link',
    'channel: lnk',
    'lnk',
    'there is no channel "lnk": there are link or gateway',
  ],
  [
    'an unknown account',
    'account: seb',
    'account: sebb',
    'sebb',
    '"sebb" is no account of liepkalni: it has swedbank or seb',
  ],
  [
    'a setting of no channel',
    'senderId: LIEPKALNI',
    'senderId: LIEPKALNI, sender: X',
    'sender: X',
    'settings.sender: "sender" is not known here: known are senderId, url, payableForMinutes',
  ],
  [
    'a setting that is no address',
    '"http://localhost:8081/link"',
    'localhost',
    'localhost }',
    'settings.url: must be an address',
  ],
  [
    'a setting out of bounds',
    'senderId: LIEPKALNI',
    'payableForMinutes: 0, senderId: LIEPKALNI',
    '0, sender',
    'must be at least 1',
  ],
  ['a text that there is not', 'choose.title: {', 'choose.titel: {', '{ lv: Kā', 'there is no text "choose.titel"'],
  [
    'a text with a name that nothing is put for',
    'How will you pay?',
    '"How will you pay {sum}?"',
    '"How will you pay',
    'nothing is put for {sum}: this text takes none',
  ],
  ['a missing setting', 'senderId: LIEPKALNI, ', '', '{ url: "http://localhost:8081', 'settings.senderId: is missing'],
  [
    'an address without encryption',
    '"https://gateway',
    '"http://gateway',
    '"http://gateway',
    'must be https (http only to this machine',
  ],
  [
    'a day that is none',
    'validFrom: 2026-01-01\n        settings: { sender',
    'validFrom: 2026-02-30\n        settings: { sender',
    '2026-02-30',
    'must be a day such as',
  ],
  ['an end before the beginning', 'validTo: 2027-06-30', 'validTo: 2025-06-30', '2025-06-30', 'is before validFrom'],
  ['limits the wrong way round', 'minMinor: 100,', 'minMinor: 900000,', '{ minMinor', 'minMinor is above maxMinor'],
  [
    'a missing key',
    'merchant: { privateKey: { file: keys/ours.pem } }',
    '',
    'bank:\n',
    'keys.merchant: is missing: our key, signs orders (merchant: { privateKey: { file: keys/merchant.pem } })',
  ],
  ['a key of no channel', 'api: {', 'apj: {', 'apj', '"apj" is not known here: this channel has api or tls'],
  [
    'a key file that is not there',
    'keys/ours.pem',
    'keys/our.pem',
    '{ file: keys/our.pem',
    'privateKey: the file keys/our.pem cannot be read',
  ],
  [
    'a public key for a private one',
    'privateKey: { file: keys/ours.pem',
    'privateKey: { file: keys/bank.pem',
    '{ file: keys/bank.pem',
    'not the PEM of a private key',
  ],
  [
    'a key of the wrong kind',
    'merchant: { privateKey',
    'merchant: { publicKey',
    'publicKey: { file: keys/ours',
    '"publicKey" is not known here: known are privateKey, from, to',
  ],
  ['a variable that is not set', 'API_SECRET', 'SECRET', '{ env: SECRET', 'the environment has no variable SECRET'],
  [
    'a secret in the file',
    '{ env: API_SECRET }',
    'hunter2hunter2',
    'hunter2',
    'say where it is: { file: … } or { env: NAME }',
  ],
  [
    'a key from two places',
    '{ env: API_SECRET }',
    '{ env: API_SECRET, file: a }',
    '{ env: API_SECRET, file',
    'say where it is',
  ],
  [
    'a key that ends first',
    'to: 2026-12-31',
    'from: 2027-01-01, to: 2026-12-31',
    '2026-12-31 }',
    'the key ends before it begins',
  ],
  ['no key at all', 'api: { secret: { env: API_SECRET } }', 'api: []', '[]', 'needs one key at least'],
  [
    'a live e-service on a test hub',
    'mode: test',
    'mode: live',
    'live',
    'this hub runs in test mode: write mode: test, or apply the file at the other hub',
  ],
  ['a mode of no kind', 'mode: test', 'mode: demo', 'demo', 'must be test or live'],
  ['a language in three letters', '{ lv: Nekustamā', '{ lav: Nekustamā', 'lav:', 'a language is two small letters'],
  ['a language nobody translated', '[lv, en]', '[lv, fi]', 'fi]', 'the pages do not speak "fi": they speak lv or en'],
  [
    'an origin with a path',
    '"http://localhost:8082"]',
    '"http://localhost:8082/"]',
    '"http://localhost:8082/"]',
    'write "http://localhost:8082"',
  ],
  [
    'an origin of another machine without encryption',
    '"http://localhost:8082"]',
    '"http://shop.example"]',
    '"http://shop',
    'must be https',
  ],
  [
    'a notice address with a password',
    '"http://localhost:8082/n',
    '"https://a:b@shop.example/n',
    '"https://a:b',
    'must not hold a user name',
  ],
  [
    'an offer of no agreement',
    'offers: [liepkalni-link, liep',
    'offers: [liepkalni-lnk, liep',
    'liepkalni-lnk',
    'liepkalni has no agreement "liepkalni-lnk": it has liepkalni-link or liepkalni-gateway',
  ],
  [
    'an offer twice',
    'offers: [liepkalni-link, liepkalni-gateway',
    'offers: [liepkalni-gateway, liepkalni-gateway',
    'liepkalni-gateway]',
    '"liepkalni-gateway" is there twice',
  ],
  ['a duration that is none', 'P30D', '30 days', '30 days', 'must be an ISO 8601 duration'],
  [
    'a privacy page that is no address',
    'https://liepkalni.example/privacy',
    '/privacy',
    '/privacy',
    'must be an address',
  ],
  [
    'a pale colour',
    '#1D4F91',
    '#ffcc00',
    '"#ffcc00"',
    'the contrast is 1.38:1 and 4.5:1 is needed to be read by everybody: the nearest colour that passes is "#',
  ],
  ['a colour that is none', '"#1D4F91"', 'blue', 'blue', 'must be a colour such as "#1d4f91"'],
  [
    'a logo that is not there',
    'look/sign.svg',
    'look/seal.svg',
    'look/seal.svg',
    'look.logo: the file look/seal.svg cannot be read',
  ],
]

describe('a mistake in cma.yaml is told with its line and what to do', () => {
  it.each(mistakes)('%s', async (_, from, to, at, sentence) => {
    expect(exampleYaml).toContain(from)
    const text = exampleYaml.replace(from, to)
    const problems = await problemsOf(text)
    const told = problems.filter((problem) => problem.startsWith(`cma.yaml:${placeOf(text, at)}: `))
    expect(told.join('\n'), problems.join('\n')).toContain(sentence)
    // One mistake is told once; a wrong key is also a missing one.
    expect(problems.length, problems.join('\n')).toBeLessThanOrEqual(2)
  })

  it('every one of several mistakes, in the order of the file', async () => {
    const text = exampleYaml
      .replace('channel: link', 'channel: lnk')
      .replace('account: seb', 'account: sebb')
      .replace('[liepkalni-link,', '[nothing,')
    const problems = await problemsOf(text)
    expect(problems.map((problem) => problem.replace(/^[^ ]+ /, '').split(':')[0])).toEqual([
      'merchants[0].agreements[0].channel',
      'merchants[0].agreements[1].account',
      'merchants[0].eServices[0].offers[0]',
    ])
  })

  it('an unsafe logo', async () => {
    const files = { ...exampleFiles, 'look/sign.svg': '<svg><script>1</script></svg>' }
    const [problem] = await problemsOf(exampleYaml, 'test', files)
    expect(problem).toContain('look.logo: the logo look/sign.svg holds <script>: only drawing elements are taken')
  })

  it('whatever is written: reading never throws and names a line of the file', async () => {
    const lines = exampleYaml.split('\n')
    const spoiled = fc
      .tuple(fc.nat(lines.length - 1), fc.oneof(fc.string(), fc.constantFrom('', '  - x', ': :', '  a: *b', '{', '"')))
      .map(([at, line]) => lines.map((kept, index) => (index === at ? line : kept)).join('\n'))
    await fc.assert(
      fc.asyncProperty(spoiled, async (text) => {
        const result = await read(text)
        if (result.ok) return
        expect(result.error.length).toBeGreaterThan(0)
        for (const { line, column, message } of result.error) {
          expect(line).toBeGreaterThan(0)
          expect(line).toBeLessThanOrEqual(text.split('\n').length)
          expect(column).toBeGreaterThan(0)
          expect(message).not.toBe('')
        }
      }),
      { numRuns: 150 },
    )
  })
})
