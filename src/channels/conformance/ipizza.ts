import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parseInstant } from '../../kernel/time.ts'
import { charsetOf, encode } from '../../wire/charset.ts'
import { writeForm } from '../../wire/form.ts'
import type { LengthUnit } from '../../wire/length-prefix.ts'
import type { Channel, ListedChannel } from '../channel.ts'
import type { IpizzaSettings } from '../ipizza/profile.ts'
import { REQUESTS } from '../ipizza/services.ts'
import type { Books } from '../ipizza/simulator.ts'
import type { Simulator } from '../simulator.ts'
import { testAgreement } from './agreement.ts'
import { conformance, type Specimen, throwAwayKeys, wordsAfter } from './kit.ts'

/** What a bank of the family gives to be proved: itself, and what it does otherwise than most. */
export type FamilySpecimen = {
  readonly listed: ListedChannel
  readonly channel: Channel<IpizzaSettings>
  readonly simulator: Simulator<Books>
  readonly folder: URL
  /** In which its trips are made; the vectors are of both. */
  readonly version: '008' | '009'
  /** Where the profile names none. */
  readonly bankId?: string
  /** What is heard otherwise after a choice. */
  readonly heard?: Readonly<Record<string, readonly string[]>>
}

type Vector = {
  readonly id: string
  readonly key: string
  readonly charset: string
  readonly length_unit: LengthUnit
  readonly fields: Readonly<Record<string, string>>
  readonly signature_base64: string
  readonly expect: 'valid' | 'invalid'
}
type Vectors = {
  readonly keys: Readonly<Record<string, { readonly private_pem: string; readonly public_pem: string }>>
  readonly vectors: readonly Vector[]
}

const NOW = parseInstant('2026-11-23T07:15:00Z') ?? 0
const paid = ['psp paid', 'payer paid']
/** What is heard after each choice at a bank that has nothing of its own. */
export const HEARD: Readonly<Record<string, readonly string[]>> = {
  pay: paid,
  pay_back_by_get: paid,
  cancel: ['payer refused declined'],
  close_window: [],
  return_lost: ['psp paid'],
  notice_lost: ['payer paid'],
  both_lost: [],
  notice_late: ['payer paid', 'psp paid'],
  paid_later: ['psp paid'],
  notice_twice: ['psp paid', 'psp paid', 'payer paid'],
  next_key: paid,
  other_charset: paid,
  wrong_amount: paid,
  wrong_currency: paid,
  bad_signature: ['psp untrusted signature', 'payer untrusted signature'],
  strangers_key: ['psp untrusted signature', 'payer untrusted signature'],
  other_merchant: ['psp untrusted receiver', 'payer untrusted receiver'],
  replay: paid,
}

/** Registers the conformance tests of a bank of the family and replays the vectors of its folder. */
export const familyConformance = (specimen: FamilySpecimen): void => {
  const vectors: Vectors = JSON.parse(readFileSync(new URL('vectors/ipizza.json', specimen.folder), 'utf8'))
  const { channel, bankId } = specimen
  const url = `https://bank.example/${channel.id}`
  const usual = { senderId: 'LIEPKALNI', url, ...(bankId === undefined ? {} : { bankId }) }
  const whole = specimenOf(specimen, vectors, usual)
  conformance(whole)
  proveOrders(whole)
  describe(`the vectors read by ${channel.id}`, () => {
    it.each(vectors.vectors)('$id', async (vector) => {
      const { fields, length_unit: lengthUnit } = vector
      const agreement = testAgreement(channel, {
        settings: {
          ...usual,
          service: USUAL_SERVICE,
          version: fields.VK_VERSION,
          senderId: fields.VK_REC_ID,
          bankId: fields.VK_SND_ID,
          lengthUnit,
        },
        keys: { bank: [{ publicKey: keyOf(vectors, vector.key).public_pem }] },
        now: NOW,
      })
      const message = messageOf(vector, url)
      const { readings } = await channel.read(message, agreement)
      const says = fields.VK_SERVICE?.startsWith('19') ? 'refused' : 'paid'
      expect(readings).toMatchObject([
        vector.expect === 'valid'
          ? { about: { number: fields.VK_STAMP }, says }
          : { says: 'untrusted', rule: 'signature' },
      ])
    })
  })
}

/** The kit travels with 1012; each other order that an agreement may name makes every trip too. */
const proveOrders = (whole: Specimen<IpizzaSettings, Books>): void => {
  const { channel, settings, simulator, heard } = whole
  const services = Object.keys(REQUESTS).filter(
    (service) => channel.settings.safeParse({ ...settings, service }).success,
  )
  describe.each(services.filter((service) => service !== USUAL_SERVICE))(`order %s to ${channel.id}`, (service) => {
    it.each(simulator.choices.map(({ id }) => id))('is heard of as it should after "%s"', async (choice) => {
      expect(await wordsAfter({ ...whole, settings: { ...settings, service } }, choice)).toEqual(heard[choice])
    })
  })
}

const USUAL_SERVICE = '1012'

const specimenOf = (
  { listed, channel, simulator, folder, version, heard }: FamilySpecimen,
  vectors: Vectors,
  usual: Readonly<Record<string, unknown>> & { readonly url: string },
): Specimen<IpizzaSettings, Books> => {
  const merchant = keyOf(vectors, 'hub_merchant')
  const bank = keyOf(vectors, 'bank')
  const next = throwAwayKeys('rsa')
  const stranger = throwAwayKeys('rsa')
  return {
    listed,
    channel,
    simulator,
    folder,
    settings: { ...usual, service: USUAL_SERVICE, version, fallbackCharsets: ['WINDOWS-1257'] },
    keys: {
      merchant: { privateKey: merchant.private_pem },
      bank: [{ publicKey: bank.public_pem }, { publicKey: next.publicKey }],
    },
    strangersKeys: { merchant: { privateKey: stranger.privateKey }, bank: [{ publicKey: stranger.publicKey }] },
    bank: { keys: [bank.private_pem, next.privateKey], stranger: stranger.privateKey, merchant: merchant.public_pem },
    root: usual.url,
    now: NOW,
    heard: { ...HEARD, ...heard },
  }
}

const keyOf = ({ keys }: Vectors, name: string) => {
  const key = keys[name]
  if (!key) throw new Error(`the vectors have no key ${name}`)
  return key
}

const messageOf = ({ fields, signature_base64, charset }: Vector, url: string) => {
  const form = writeForm([...Object.entries(fields), ['VK_MAC', signature_base64]], charsetOf(charset) ?? 'UTF-8')
  const body = form.ok ? encode(form.value, 'UTF-8') : form
  if (!body.ok) throw new Error(body.error)
  return { method: 'POST', url, headers: {}, body: body.value, receivedAt: NOW }
}
