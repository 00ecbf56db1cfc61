import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  agreementRecord as agreement,
  eServiceWith,
  exampleChannels,
  exampleNow as now,
} from '../../test/support/merchants.ts'
import type { Instant } from '../kernel/time.ts'
import { type AgreementRecord, type Directory, type EService, offerById, offersFor } from './index.ts'

const banks = { url: 'https://gateway.example', banks: ['one', 'two'] }
const gateway = (id: string, over: Partial<AgreementRecord> = {}) =>
  agreement(id, { channel: 'gateway', account: 'seb', settings: banks, ...over })

type Ask = {
  readonly agreements: readonly AgreementRecord[]
  readonly eService?: Partial<EService>
  readonly account?: string
  readonly amountMinor?: number
  readonly currency?: string
  readonly now?: Instant
  readonly only?: readonly string[]
}

const ask = ({ agreements, eService: over = {}, ...query }: Ask) => {
  const eService = eServiceWith(
    agreements.map(({ id }) => id),
    over,
  )
  const directory: Directory = {
    revision: 1,
    merchants: new Map(),
    eServices: new Map([[eService.id, eService]]),
    agreements: new Map(agreements.map((each) => [each.id, each])),
  }
  return { directory, query: { now, ...query, eService } }
}

const offered = (asked: Ask): readonly string[] => {
  const { directory, query } = ask(asked)
  return offersFor(directory, exampleChannels, query).map((offer) => `${offer.id} by ${offer.agreement}`)
}

const link = agreement('a')
const many = gateway('g')

describe('offers', () => {
  it.each<readonly [string, Ask, readonly string[]]>([
    [
      'each channel, in the e-service’s order',
      { agreements: [many, link] },
      ['gateway.one by g', 'gateway.two by g', 'link by a'],
    ],
    ['not what is retired', { agreements: [agreement('a', { retired: true })] }, []],
    ['nothing of a retired e-service', { agreements: [link], eService: { retired: true } }, []],
    ['nothing of another merchant', { agreements: [agreement('a', { merchant: 'eglupe' })] }, []],
    ['nothing of a channel this hub lacks', { agreements: [agreement('a', { channel: 'gone' })] }, []],
    ['nothing before its first day', { agreements: [agreement('a', { validFrom: now + 1 })] }, []],
    ['from its first moment', { agreements: [agreement('a', { validFrom: now })] }, ['link by a']],
    ['nothing from its end on', { agreements: [agreement('a', { validTo: now })] }, []],
    ['until just before its end', { agreements: [agreement('a', { validTo: now + 1 })] }, ['link by a']],
    ['only the payee’s account', { agreements: [link, many], account: 'swedbank' }, ['link by a']],
    [
      'one agreement a channel where no payee is named',
      { agreements: [link, agreement('b', { account: 'seb' })] },
      ['link by a'],
    ],
    [
      'the payee’s own where one is named',
      { agreements: [link, agreement('b', { account: 'seb' })], account: 'seb' },
      ['link by b'],
    ],
    [
      'the successor when an agreement has ended',
      { agreements: [agreement('a', { validTo: now }), agreement('b', { validFrom: now })] },
      ['link by b'],
    ],
    [
      'the agreement for the amount',
      {
        agreements: [agreement('a', { limits: { maxMinor: 99 } }), agreement('b', { limits: { minMinor: 100 } })],
        amountMinor: 100,
      },
      ['link by b'],
    ],
    [
      'nothing above the e-service’s limit',
      { agreements: [link], eService: { limits: { maxMinor: 99 } }, amountMinor: 100 },
      [],
    ],
    ['euros when nothing is said', { agreements: [link], currency: 'EUR' }, ['link by a']],
    ['no other currency', { agreements: [link], currency: 'SEK' }, []],
    [
      'the banks that take the currency',
      { agreements: [gateway('g', { limits: { currencies: ['EUR', 'SEK'] } })], currency: 'SEK' },
      ['gateway.one by g', 'gateway.two by g'],
    ],
    ['only what the order allows', { agreements: [many, link], only: ['gateway.two'] }, ['gateway.two by g']],
  ])('are %s', (_, asked, expected) => {
    expect(offered(asked)).toEqual(expected)
  })

  it('tell the tighter limits, the tile and an announced pause', () => {
    const pause = { from: now, to: now + 1, text: { en: 'Servicing' } }
    const logo = { type: 'image/png', bytes: new Uint8Array(), hash: '0123456789abcdef' } as const
    const { directory, query } = ask({
      agreements: [agreement('a', { pause, logo, limits: { minMinor: 5, maxMinor: 500 } }), many],
      eService: { limits: { minMinor: 10, maxMinor: 1000 } },
    })
    const [first, second] = offersFor(directory, exampleChannels, query)
    expect(first).toEqual({
      id: 'link',
      agreement: 'a',
      channel: 'link',
      name: { lv: 'Banka', en: 'Bank' },
      logo: '/look/agreement/a-0123456789abcdef.png',
      currencies: ['EUR'],
      minMinor: 10,
      maxMinor: 500,
      health: 'paused',
      pauseText: { en: 'Servicing' },
    })
    expect(second).toMatchObject({
      bank: 'one',
      name: { en: 'Bank one' },
      logo: '/look/channel/gateway.svg',
      health: 'good',
    })
    const later = offersFor(directory, exampleChannels, { ...query, now: now + 1 })[0]
    expect(later).toMatchObject({ health: 'good' })
    expect(offerById(directory, exampleChannels, query, 'link')).toEqual(first)
    expect(offerById(directory, exampleChannels, query, 'a')).toBeUndefined()
  })

  it('have ids that name one agreement each, whatever is signed, and find themselves again', () => {
    const anyAgreement = fc.record({
      channel: fc.constantFrom('link', 'gateway', 'gone'),
      account: fc.constantFrom('swedbank', 'seb'),
      validFrom: fc.integer({ min: now - 2, max: now + 1 }),
      maxMinor: fc.option(fc.integer({ min: 1, max: 100 }), { nil: undefined }),
      retired: fc.boolean(),
    })
    const asked = fc.record({
      of: fc.array(anyAgreement, { maxLength: 6 }),
      account: fc.option(fc.constantFrom('swedbank', 'seb'), { nil: undefined }),
      amountMinor: fc.integer({ min: 1, max: 100 }),
    })
    fc.assert(
      fc.property(asked, ({ of, account, amountMinor }) => {
        const agreements = of.map(({ maxMinor, channel, ...rest }, index) => {
          const limits = maxMinor === undefined ? {} : { maxMinor }
          const make = channel === 'gateway' ? gateway : agreement
          return make(`a${index}`, { ...rest, channel, limits })
        })
        const { directory, query } = ask({ agreements, amountMinor, ...(account === undefined ? {} : { account }) })
        const offers = offersFor(directory, exampleChannels, query)
        expect(new Set(offers.map(({ id }) => id)).size).toBe(offers.length)
        for (const offer of offers) {
          expect(offerById(directory, exampleChannels, { ...query, only: [offer.id] }, offer.id)).toEqual(offer)
          expect(amountMinor).toBeLessThanOrEqual(offer.maxMinor ?? amountMinor)
        }
      }),
    )
  })
})
