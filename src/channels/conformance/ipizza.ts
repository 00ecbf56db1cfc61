import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parseInstant } from '../../kernel/time.ts'
import type { Channel, ListedChannel } from '../channel.ts'
import type { IpizzaSettings } from '../ipizza/profile.ts'
import { REQUESTS } from '../ipizza/services.ts'
import type { Books } from '../ipizza/simulator.ts'
import type { Simulator } from '../simulator.ts'
import { conformance, type Specimen, throwAwayKeys, wordsAfter } from './kit.ts'

/** What a bank of the family gives to be proved: itself, and what it does otherwise than most. */
export type FamilySpecimen = {
  readonly listed: ListedChannel
  readonly channel: Channel<IpizzaSettings>
  readonly simulator: Simulator<Books>
  readonly folder: URL
  /** Where it has vectors of its own. */
  readonly vectors?: URL
  /** In which its trips are made. */
  readonly version: '008' | '009'
  /** Where the profile names none. */
  readonly bankId?: string
  /** What is heard otherwise after a choice. */
  readonly heard?: Readonly<Record<string, readonly string[]>>
}

type Keys = Readonly<Record<string, { readonly private_pem: string; readonly public_pem: string }>>

const NOW = parseInstant('2026-11-23T07:15:00Z') ?? 0
const paid = ['psp paid', 'payer paid']
/** What is heard after each choice at a bank that has nothing of its own. */
const HEARD: Readonly<Record<string, readonly string[]>> = {
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

/** The family's vectors: answers of its banks, from public fixtures or self-made. */
const VECTORS = new URL('../ipizza/vectors/', import.meta.url)

/** Registers the conformance tests of a bank of the family. */
export const familyConformance = (specimen: FamilySpecimen): void => {
  const whole = specimenOf(specimen)
  conformance(whole)
  proveOrders(whole)
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

const specimenOf = ({
  listed,
  channel,
  simulator,
  folder,
  vectors = VECTORS,
  version,
  bankId,
  heard,
}: FamilySpecimen): Specimen<IpizzaSettings, Books> => {
  const { keys }: { readonly keys: Keys } = JSON.parse(readFileSync(new URL('ipizza.json', vectors), 'utf8'))
  const merchant = keyOf(keys, 'hub_merchant')
  const bank = keyOf(keys, 'bank')
  const next = throwAwayKeys('rsa')
  const stranger = throwAwayKeys('rsa')
  const url = `https://bank.example/${channel.id}`
  const own = bankId === undefined ? {} : { bankId }
  return {
    listed,
    channel,
    simulator,
    folder,
    vectors,
    settings: {
      senderId: 'LIEPKALNI',
      url,
      ...own,
      service: USUAL_SERVICE,
      version,
      fallbackCharsets: ['WINDOWS-1257'],
    },
    keys: {
      merchant: { privateKey: merchant.private_pem },
      bank: [{ publicKey: bank.public_pem }, { publicKey: next.publicKey }],
    },
    strangersKeys: { merchant: { privateKey: stranger.privateKey }, bank: [{ publicKey: stranger.publicKey }] },
    bank: { keys: [bank.private_pem, next.privateKey], stranger: stranger.privateKey, merchant: merchant.public_pem },
    root: url,
    now: NOW,
    heard: { ...HEARD, ...heard },
  }
}

const keyOf = (keys: Keys, name: string) => {
  const key = keys[name]
  if (!key) throw new Error(`the vectors have no key ${name}`)
  return key
}
