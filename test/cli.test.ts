import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ebizness, ebiznessJson, fileOf } from './support/command.ts'
import { openTempFolder } from './support/test-server.ts'

/** What support staff and channel authors do without a database. */

let folder: string
beforeAll(async () => {
  folder = openTempFolder('ebizness-cli-')
  // Builds it, once for the whole run.
  await ebizness({ folder }, '--version')
}, 180_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const run = (command: string) => ebizness({ folder }, command)
const json = (command: string) => ebiznessJson({ folder }, command)
const file = (content: unknown): string => fileOf(folder, content)

type Vector = {
  readonly id: string
  readonly key: string
  readonly fields: Readonly<Record<string, string>>
  readonly signature_base64: string
}
type Vectors = {
  readonly keys: Readonly<Record<string, { readonly private_pem: string; readonly public_pem: string }>>
  readonly vectors: readonly Vector[]
}
const vectors: Vectors = JSON.parse(
  readFileSync(join(import.meta.dirname, '../src/channels/swedbank-lv/vectors/ipizza.json'), 'utf8'),
)
const vectorOf = (id: string): Vector => {
  const vector = vectors.vectors.find((one) => one.id === id)
  if (!vector) throw new Error(`no vector ${id}`)
  return vector
}
const settingsFor = ({ fields, key }: Vector): string =>
  file({
    settings: {
      senderId: fields.VK_REC_ID ?? fields.VK_SND_ID,
      bankId: 'HP',
      service: '1012',
      version: fields.VK_VERSION,
      url: 'https://www.swedbank.lv/banklink/',
    },
    keys: {
      merchant: { privateKey: vectors.keys.hub_merchant?.private_pem },
      bank: [{ publicKey: vectors.keys[key]?.public_pem }],
    },
  })

const NOTICE = 'https://hub.example/psp/swedbank-lv/liepkalni-swedbank/notice'
const wireOf = ({ fields, signature_base64 }: Vector): string =>
  new URLSearchParams({ ...fields, VK_MAC: signature_base64 }).toString()
const got = (vector: Vector) => ({
  method: 'GET',
  url: `${NOTICE}?${wireOf(vector)}`,
  headers: {},
  receivedAt: '2026-11-23T08:00:00Z',
})
const reading = (vector: Vector, message: unknown = got(vector)): string =>
  `message read --settings ${settingsFor(vector)} --message ${file(message)}`

describe('message read', () => {
  it('says what the bank said in a published example, for programs and for people, and ends with 0', async () => {
    const vector = vectorOf('pub-sha512-1111-L113')
    const [shown, words] = await Promise.all([json(reading(vector)), run(reading(vector))])
    expect(shown).toEqual({
      code: 0,
      value: {
        trusted: true,
        carrier: 'payer',
        readings: [
          {
            about: { number: 'abc123' },
            says: 'paid',
            states: {
              amount: 1000,
              currency: 'EUR',
              payee: 'XXXXXXXXXX',
              reference: '169',
              at: '2020-03-13T05:21:14.000Z',
            },
            payer: { name: 'John Mayer', account: 'XXXXXXXXXXXX' },
          },
        ],
        answer: { status: 200, body: '' },
      },
    })
    expect([words.code, words.out]).toEqual([0, expect.stringMatching(/^trusted, carried by the payer\n.*"paid".*\n$/)])
  })

  it('reads the same in the bytes of a body; without the time of receipt it says what it did not check', async () => {
    const vector = vectorOf('self-009-1111-autoY')
    const bodyBase64 = Buffer.from(wireOf(vector)).toString('base64')
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' }
    const { receivedAt, ...timeless } = got(vector)
    const [asQuery, asBody, unchecked] = await Promise.all([
      json(reading(vector)),
      json(reading(vector, { method: 'POST', url: NOTICE, headers, bodyBase64, receivedAt })),
      json(reading(vector, timeless)),
    ])
    expect(asQuery).toMatchObject({ code: 0, value: { trusted: true, carrier: 'psp' } })
    expect(asBody).toEqual(asQuery)
    expect(unchecked).toMatchObject({ code: 0, value: { notChecked: expect.stringContaining('receivedAt') } })
  })

  it('does not trust what was altered, says by which rule, and ends with 1', async () => {
    const altered = ['self-009-1111-tampered-amount', 'pub-sha512-1111-L256-missingfield'].map(vectorOf)
    for (const shown of await Promise.all(altered.map((vector) => json(reading(vector)))))
      expect(shown).toEqual({
        code: 1,
        value: { trusted: false, rule: 'signature', detail: expect.stringMatching(/VK_MAC .*2026-11-23/) },
      })
  })

  it('ends with 2 at bad input, says what is wrong and where, and prints nothing else', async () => {
    const vector = vectorOf('self-009-1111-autoY')
    const good = reading(vector)
    const poor = file('{\n  "settings": { "bankId": "HP" },\n  "keys": {}\n}')
    const cases: readonly (readonly [command: string, says: RegExp])[] = [
      [good.replace(/--message \S+/, '--message nowhere.json'), /nowhere\.json: cannot be read/],
      [good.replace(/ --message \S+/, ''), /'--message <file>' not specified/],
      [`${good} --channel moon-bank`, /no channel "moon-bank": there are .*swedbank-lv/],
      [good.replace(/--settings \S+/, `--settings ${poor}`), new RegExp(`^${poor}:2:\\d+: .*senderId`, 'm')],
      [reading(vector, '{'), /file-\d+\.json: not well-formed JSON/],
      [reading(vector, { ...got(vector), body: '', bodyBase64: '' }), /body or bodyBase64, not both/],
      [reading(vector, { ...got(vector), when: 1 }), /"when"/],
      [reading(vector, { ...got(vector), url: 'https://hub.example/' }), /name the channel with --channel/],
    ]
    const ended = await Promise.all(cases.map(([command]) => run(command)))
    for (const [place, { code, out, said }] of ended.entries()) {
      expect([code, out], said).toEqual([2, ''])
      expect(said).toMatch(cases[place]?.[1] ?? /never/)
    }
  })
})

describe('message begin', () => {
  const order = {
    number: '1001',
    amount: 1234,
    currency: 'EUR',
    description: 'Nekustamā īpašuma nodoklis 2026',
    reference: 'NIN-2026-000123',
    paymentReference: null,
    payee: { iban: 'LV07HABA0000000000001', name: 'Liepkalnu novada pašvaldība' },
    language: 'lv',
    addresses: { back: `${NOTICE}/back`, notice: NOTICE },
  }
  const begun = (content: unknown, more = ''): string =>
    `message begin --channel swedbank-lv --settings ${settingsFor(vectorOf('self-009-1012-lv'))} --order ${file(content)}${more}`

  it('gives the form that the bank would get, signed, and ends with 0', async () => {
    const { code, value } = await json(begun(order, ' --at 2026-11-23T07:15:00Z'))
    expect(code).toBe(0)
    expect(value).toEqual({
      step: 'form',
      method: 'POST',
      url: 'https://www.swedbank.lv/banklink/',
      charset: 'UTF-8',
      fields: expect.arrayContaining([
        ['VK_SERVICE', '1012'],
        ['VK_STAMP', '1001'],
        ['VK_AMOUNT', '12.34'],
        ['VK_MSG', 'NIN-2026-000123 Nekustamā īpašuma nodoklis 2026'],
        ['VK_DATETIME', '2026-11-23T09:15:00+0200'],
        ['VK_MAC', expect.stringMatching(/^[\w+/]{342}==$/)],
      ]),
      signed: expect.stringMatching(/^0041012003009007CMATEST0041001005/),
    })
  })

  it('ends with 2 at an order that is not in order', async () => {
    const cases: readonly (readonly [command: string, says: RegExp])[] = [
      [begun({ ...order, amount: undefined }), /file-\d+\.json: amount/],
      [begun({ ...order, number: 'A1' }), /number: must be at most 10 digits/],
      [begun(order, ' --at noon'), /--at noon: must be an RFC 3339 time/],
      [begun({ ...order, addresses: { back: `${NOTICE}?a=1`, notice: NOTICE } }), /the order cannot be sent: .*query/],
    ]
    const ended = await Promise.all(cases.map(([command]) => run(command)))
    for (const [place, { code, said }] of ended.entries()) {
      expect(code, said).toBe(2)
      expect(said).toMatch(cases[place]?.[1] ?? /never/)
    }
  })
})

describe('channels', () => {
  it('list and settings tell what the hub can speak to and what an agreement must bring', async () => {
    const [listed, settings, words, unknown] = await Promise.all([
      json('channels list'),
      json('channels settings swedbank-lv'),
      run('channels settings swedbank-lv'),
      run('channels settings moon-bank'),
    ])
    expect(listed).toEqual({
      code: 0,
      value: expect.arrayContaining([
        { id: 'swedbank-lv', name: 'Swedbank', abilities: ['begin', 'read'], keys: ['merchant', 'bank'] },
        expect.objectContaining({ id: 'sandbox', abilities: ['begin', 'read', 'enquire', 'refund'] }),
      ]),
    })
    expect(settings).toMatchObject({
      code: 0,
      value: {
        channel: 'swedbank-lv',
        settings: { properties: { senderId: {}, payableForMinutes: { default: 60 } } },
        keys: { merchant: { kind: 'private' }, bank: { kind: 'public' } },
      },
    })
    expect(words.out).toMatch(/senderId +string +required/)
    expect([unknown.code, unknown.out]).toEqual([2, ''])
    expect(unknown.said).toMatch(/no channel "moon-bank": there are .*swedbank-lv/)
  })

  it('verify reads the messages that ship with a channel, and believes no altered copy', async () => {
    const [whole, words, unknown] = await Promise.all([
      json('channels verify seb-lv'),
      run('channels verify seb-lv'),
      run('channels verify moon-bank'),
    ])
    const real = { id: 'pub-real-bank-0004', reads: ['paid'], altered: 64, faults: [] }
    expect(whole).toMatchObject({
      code: 0,
      value: { channel: 'seb-lv', verified: true, messages: expect.arrayContaining([expect.objectContaining(real)]) },
    })
    expect(words.out).toMatch(/^ok +self-001-0003-Y +accepted +self-made/m)
    expect(words.out).toMatch(/^15 messages, 960 altered copies: all read as they should\.$/m)
    expect([unknown.code, unknown.out]).toEqual([2, ''])
  })
})

describe('help', () => {
  it('names every command that the documentation names, each in words a stranger understands', async () => {
    const page = readFileSync(join(import.meta.dirname, '../docs/operating/command-line.md'), 'utf8')
    const documented = [...page.matchAll(/^\| `ebizness ([a-z ]+?)(?: <[^`]*| --[^`]*)?`/gm)].map(
      ([, name = '']) => name,
    )
    expect(documented.length).toBeGreaterThanOrEqual(12)
    const top = await run('--help')
    for (const name of documented) expect(top.out).toMatch(new RegExp(`^  ${name.split(' ')[0]}\\b.*  \\S+ \\S+`, 'm'))
    const some = documented.filter((name) => /^(apply|keys create|message read)$/.test(name))
    expect(some.length).toBe(3)
    for (const { code, out } of await Promise.all(some.map((name) => run(`${name} --help`)))) {
      expect(code).toBe(0)
      expect(out).toMatch(/^Usage: ebizness [a-z ]+\[options\].*\n\n\w+ .*\n/)
      // Every option says what it is for.
      for (const [, option = '', about] of out.matchAll(/^ {2}(-\S.*?)(?: {2,}(\S.*))?$/gm))
        expect(about, option).toBeDefined()
    }
  })

  it('comes where a command is wrong, with exit code 2', async () => {
    const [typo, nothing, version] = await Promise.all([run('aply'), run('keys create'), run('--version')])
    expect([typo.code, typo.said]).toEqual([
      2,
      expect.stringMatching(/unknown command 'aply'\n\(Did you mean apply\?\)/),
    ])
    expect([nothing.code, nothing.said]).toEqual([2, expect.stringContaining("'--e-service <id>' not specified")])
    expect([version.code, version.out]).toEqual([0, '0.1.0\n'])
  })
})
