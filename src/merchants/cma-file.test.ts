import { describe, expect, it } from 'vitest'
import {
  exampleChannels,
  exampleFiles,
  exampleNow,
  exampleYaml,
  fixtureKey,
  instant,
  sourcesOf,
} from '../../test/support/merchants.ts'
import { type Mode, readCmaFile, showProblem } from './index.ts'
import type { Wanted } from './wanted.ts'

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

const wantedOf = async (text: string): Promise<Wanted> => {
  const result = await read(text)
  if (!result.ok) throw new Error(result.error.map(showProblem).join('\n'))
  return result.value
}

const problemsOf = async (text: string, mode?: Mode, files?: typeof exampleFiles): Promise<readonly string[]> => {
  const result = await read(text, mode, files)
  return result.ok ? [] : result.error.map(showProblem)
}

describe('a good cma.yaml', () => {
  it('is read with its dates, durations, keys and looks', async () => {
    const { merchants } = await wantedOf(exampleYaml)
    const [liepkalni] = merchants
    const [link, gateway] = liepkalni?.agreements ?? []
    const [eService] = liepkalni?.eServices ?? []
    expect(link?.validFrom).toBe(instant('2025-12-31T22:00:00Z'))
    expect(gateway?.validTo, 'the last day counts').toBe(instant('2027-06-30T21:00:00Z'))
    expect(link?.keys.map(({ name, key, from, to }) => [name, key.kind, from, to])).toEqual([
      ['merchant', 'private', undefined, undefined],
      ['bank', 'public', undefined, instant('2026-12-31T22:00:00Z')],
      ['bank', 'public', instant('2026-10-31T22:00:00Z'), undefined],
    ])
    expect(eService?.expiresAfterMs).toBe(30 * 86_400_000)
    expect(eService?.look).toMatchObject({ brandColour: '#1d4f91', onBrandColour: '#ffffff' })
    expect(eService?.look.logo?.type).toBe('image/svg+xml')
    expect(eService?.notices).toEqual(['http://localhost:8082/notices'])
  })

  it('may leave out what has a usual value, and use anchors', async () => {
    const short = exampleYaml
      .replace(/ {8}(languages|attempts|expiresAfter|texts|privacyUrl|notices):.*\n/g, '')
      .replace('{ email: nodokli@liepkalni.example, phone: "+371 60000000" }', '&help { email: a@liepkalni.example }')
      .replace('        look: {', '        support: *help\n        look: {')
    const [eService] = (await wantedOf(short)).merchants[0]?.eServices ?? []
    expect(eService).toMatchObject({ languages: ['lv', 'en'], attempts: 'many', notices: [], texts: {} })
    expect(eService?.support).toEqual({ email: 'a@liepkalni.example' })
  })
})

describe('an offer is one agreement', () => {
  const second = (changes: string) =>
    exampleYaml
      .replace(
        '    eServices:',
        `      - id: second
        channel: link
        account: swedbank
${changes}
        settings: { senderId: LIEPKALNI, url: "http://localhost:8081/link" }
        keys: { merchant: { privateKey: { file: keys/ours.pem } }, bank: { publicKey: { file: keys/bank.pem } } }
    eServices:`,
      )
      .replace('offers: [liepkalni-link,', 'offers: [liepkalni-link, second,')

  it.each([
    ['the same days and amounts', '        validFrom: 2026-06-01', true],
    ['a later day', '        validFrom: 2026-06-01\n        validTo: 2026-06-01', true],
    ['other currencies', '        validFrom: 2026-06-01\n        limits: { currencies: [SEK] }', false],
    ['earlier days', '        validFrom: 2025-01-01\n        validTo: 2025-12-31', false],
    ['days that touch', '        validFrom: 2025-01-01\n        validTo: 2026-01-01', true],
  ])('so two agreements with %s (%s) are told apart', async (_, changes, collide) => {
    const text = second(changes)
    const problems = await problemsOf(text)
    expect(problems.map((problem) => problem.replace(/^[^ ]+ /, ''))).toEqual(
      collide
        ? [
            'merchants[0].eServices[0].offers[1]: "second" and "liepkalni-link" both fit a payment to swedbank by link: part them by dates, amounts or currencies',
          ]
        : [],
    )
  })

  it('so a payee must not be left with agreements that ended', async () => {
    const text = exampleYaml.replace('validTo: 2027-06-30', 'validTo: 2026-11-22')
    const [problem] = await problemsOf(text)
    expect(problem).toContain(
      'offers[1]: nothing is left to pay seb with: "liepkalni-gateway" ended with 2026-11-22; offer its successor or take it out',
    )
  })
})

describe('in live mode', () => {
  const live = exampleYaml
    .replace('mode: test', 'mode: live')
    .replaceAll('http://localhost', 'https://liepkalni.example')

  it('everything is https and nothing else is different', async () => {
    expect(await problemsOf(live, 'live')).toEqual([])
    expect(
      (await problemsOf(live.replace('https://liepkalni.example:8082"]', 'http://localhost:8082"]'), 'live'))[0],
    ).toContain('returnOrigins[0]: must be https')
  })

  it('a test key that everybody knows is refused', async () => {
    const files = { ...exampleFiles, 'keys/bank.pem': fixtureKey }
    expect(await problemsOf(live, 'live', files)).toEqual([
      expect.stringContaining('keys.bank[0]: is a test key that everybody knows: in live mode use a key of your own'),
    ])
  })
})
