import { generateKeyPairSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import type { Channel, ListedChannel } from '../../src/channels/channel.ts'
import { fail, ok } from '../../src/kernel/result.ts'
import { type Instant, parseInstant } from '../../src/kernel/time.ts'
import type { AgreementRecord, EService, Sources } from '../../src/merchants/index.ts'

/** Two invented channels, a municipality and its files, for tests of the personalisation database. */

const heard: Pick<Channel, 'begin' | 'read' | 'times'> = {
  begin: async () => ({ step: 'heard', readings: [] }),
  read: async () => ({ carrier: 'psp', readings: [] }),
  times: () => ({
    askAfter: { begunMs: 1, returnedMs: 1, askedMs: [1] },
    lastMomentMs: 1,
    finalWithinMs: 1,
    unansweredBegin: 'unknown',
  }),
}

const link: Channel = {
  ...heard,
  id: 'link',
  name: { lv: 'Banka', en: 'Bank' },
  settings: z.strictObject({
    senderId: z.string().min(1).max(20),
    url: z.url(),
    payableForMinutes: z.int().min(1).default(60),
  }),
  keys: {
    merchant: { kind: 'private', purpose: 'our key, signs orders' },
    bank: { kind: 'public', purpose: 'the bank’s key, verifies its answers' },
  },
}

const gateway: Channel = {
  ...heard,
  id: 'gateway',
  name: { lv: 'Vārteja', en: 'Gateway' },
  settings: z.strictObject({ url: z.url(), banks: z.array(z.string()).min(1) }),
  keys: {
    api: { kind: 'secret', purpose: 'the password of its API' },
    tls: { kind: 'client', optional: true, purpose: 'for mutual TLS' },
  },
  offers: ({ settings }) =>
    z
      .object({ banks: z.array(z.string()) })
      .parse(settings)
      .banks.map((id) => ({ id, name: { en: `Bank ${id}` }, ...(id === 'two' ? { currencies: ['EUR', 'SEK'] } : {}) })),
}

const portrait = { psp: 'Example', protocol: 'none', notice: 'none', certainty: 'D' } as const
const TILE = '<svg xmlns="http://www.w3.org/2000/svg"><rect width="1" height="1"/></svg>'
export const exampleChannels: readonly ListedChannel[] = [
  { channel: link, logo: TILE, portrait },
  { channel: gateway, logo: TILE, portrait },
]

const pems = () => {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return {
    privatePem: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicPem: pair.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  }
}
export const ours = pems()
export const bank = pems()
export const nextBank = pems()

/** The demo bank's public key: a shipped test fixture that everybody knows. */
export const fixtureKey = readFileSync(
  new URL('../../src/sandbox/demo/keys/sandbox-bank.public.pem', import.meta.url),
  'utf8',
)

/** Files by name, and one variable. */
export const exampleFiles: Readonly<Record<string, string>> = {
  'keys/ours.pem': ours.privatePem,
  'keys/bank.pem': bank.publicPem,
  'keys/next-bank.pem': nextBank.publicPem,
  'look/sign.svg': TILE,
}

export const sourcesOf = (files: Readonly<Record<string, string | Uint8Array>>): Sources => ({
  file: async (path) => {
    const file = files[path]
    return file === undefined ? fail(`the file ${path} cannot be read (ENOENT)`) : ok(Buffer.from(file))
  },
  env: (name) => (name === 'API_SECRET' ? ok('a throw-away secret') : fail(`the environment has no variable ${name}`)),
})

export const instant = (text: string): Instant => {
  const found = parseInstant(text)
  if (found === undefined) throw new Error(text)
  return found
}
export const exampleNow = instant('2026-11-23T10:00:00Z')

export const exampleYaml = `version: 1
merchants:
  - id: liepkalni
    name: { lv: Liepkalnu novada pašvaldība, en: Liepkalni Municipality }
    registrationNumber: "90999900005"
    accounts:
      - { id: swedbank, iban: LV07HABA0000000000001 }
      - { id: seb, iban: LV50UNLA0000000000002 }
    support: { email: nodokli@liepkalni.example, phone: "+371 60000000" }
    agreements:
      - id: liepkalni-link
        channel: link
        account: swedbank
        validFrom: 2026-01-01
        settings: { senderId: LIEPKALNI, url: "http://localhost:8081/link" }
        keys:
          merchant: { privateKey: { file: keys/ours.pem } }
          bank:
            - { publicKey: { file: keys/bank.pem }, to: 2026-12-31 }
            - { publicKey: { file: keys/next-bank.pem }, from: 2026-11-01 }
      - id: liepkalni-gateway
        channel: gateway
        account: seb
        validFrom: 2026-01-01
        validTo: 2027-06-30
        settings: { url: "https://gateway.example/api", banks: [one, two] }
        limits: { minMinor: 100, maxMinor: 500000, currencies: [EUR] }
        keys:
          api: { secret: { env: API_SECRET } }
    eServices:
      - id: property-tax
        mode: test
        name: { lv: Nekustamā īpašuma nodoklis, en: Property tax }
        returnOrigins: ["http://localhost:8082"]
        notices: [{ url: "http://localhost:8082/notices" }]
        offers: [liepkalni-link, liepkalni-gateway]
        languages: [lv, en]
        attempts: many
        expiresAfter: P30D
        privacyUrl: https://liepkalni.example/privacy
        texts: { choose.title: { lv: Kā maksāsiet?, en: How will you pay? } }
        look: { brandColour: "#1D4F91", logo: look/sign.svg }
`

/** An agreement as the directory holds it. */
export const agreementRecord = (id: string, over: Partial<AgreementRecord> = {}): AgreementRecord => ({
  id,
  merchant: 'liepkalni',
  channel: 'link',
  account: 'swedbank',
  validFrom: exampleNow - 1000,
  settings: { senderId: 'X', url: 'https://bank.example' },
  limits: {},
  retired: false,
  ...over,
})

/** An e-service as the directory holds it. */
export const eServiceWith = (offers: readonly string[], over: Partial<EService> = {}): EService => ({
  id: 'property-tax',
  merchant: 'liepkalni',
  mode: 'test',
  name: { en: 'Property tax' },
  returnOrigins: [],
  offers,
  languages: ['lv'],
  attempts: 'many',
  expiresAfterMs: 1000,
  limits: {},
  support: {},
  texts: {},
  look: { brandColour: '#1d4f91', onBrandColour: '#ffffff' },
  retired: false,
  ...over,
})
