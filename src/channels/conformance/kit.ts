import { existsSync, readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { DAY_MS, type Instant } from '../../kernel/time.ts'
import type { Channel, ListedChannel, Order, Reading, Refund, Step, WireMessage } from '../channel.ts'
import { HARMLESS, wordsOf } from '../example.ts'
import type { Simulator } from '../simulator.ts'
import { type TestKeys, testAgreement, testBank } from './agreement.ts'
import { altered, garbage } from './mutations.ts'
import { describeEveryOrder } from './orders.ts'
import { callThrough, type Stage, type Trip, travel } from './trip.ts'

export { throwAwayKeys } from './agreement.ts'

/** What an author gives to have a channel proved. */
export type Specimen<Settings, State> = {
  readonly listed: ListedChannel
  readonly channel: Channel<Settings>
  readonly simulator: Simulator<State>
  /** The channel's folder: `new URL('.', import.meta.url)`. */
  readonly folder: URL
  /** Where its vectors are, when they are its family's. */
  readonly vectors?: URL
  /** As in `cma.yaml`; the bank's address in them begins with `root`. */
  readonly settings: Readonly<Record<string, unknown>>
  readonly keys: TestKeys
  /** Another merchant's keys of the same names: with them nothing of this bank may be believed. */
  readonly strangersKeys: TestKeys
  /** The bank's private keys (present, next …), a stranger's, and our public one; PEM. */
  readonly bank: { readonly keys: readonly string[]; readonly stranger: string; readonly merchant?: string }
  /** Where the simulator is reached, without a slash at the end. */
  readonly root: string
  readonly now: Instant
  /** What must be heard after each choice of the simulator, message by message: `psp paid`, `payer untrusted signature`. */
  readonly heard: Readonly<Record<string, readonly string[]>>
  /** What differs from the kit's own order (an amount of 12.34 EUR, texts with diacritics). */
  readonly order?: Partial<Order>
}

const ALTERATIONS = 300
const GARBAGE = 200

/** Registers the tests that every channel must pass. */
export const conformance = <Settings, State>(specimen: Specimen<Settings, State>): void => {
  describe(`the channel ${specimen.channel.id} conforms`, () => {
    describeFolder(specimen)
    describeTerms(specimen)
    describeBegin(specimen)
    describeTrips(specimen)
    describeForgeries(specimen)
    describeEveryOrder(specimen, (choice) => tripOf(specimen, choice))
  })
}

const describeFolder = <Settings, State>(specimen: Specimen<Settings, State>): void => {
  const { listed, channel, simulator, folder, vectors = new URL('vectors/', folder) } = specimen
  const text = (name: string) => readFileSync(new URL(name, folder), 'utf8')

  it('has a README that tells how sure each rule is', () => {
    expect(text('README.md')).toMatch(/\[[A-D][\]:,]/)
  })

  it('has a tile without scripts and without anything from elsewhere', () => {
    expect(listed.logo).toBe(text('logo.svg'))
    expect(listed.logo).toMatch(/^<svg [^>]*viewBox=/)
    expect(listed.logo).not.toMatch(/<script|<image|<foreignObject|\son\w+=|href=|url\(|<style/i)
  })

  it('has vectors that name their origin', () => {
    expect(existsSync(vectors)).toBe(true)
    const files = readdirSync(vectors).filter((name) => name.endsWith('.json'))
    expect(files.length).toBeGreaterThan(0)
    for (const name of files) expect(readFileSync(new URL(name, vectors), 'utf8')).toContain('"origin"')
  })

  it('is one channel under one name', () => {
    expect(listed.channel.id).toBe(channel.id)
    expect(simulator.channel).toBe(channel.id)
    expect(channel.id).toMatch(/^[a-z0-9-]+$/)
    expect(Object.keys(channel.name)).toEqual(expect.arrayContaining(['lv', 'en']))
  })
}

const describeTerms = <Settings, State>(specimen: Specimen<Settings, State>): void => {
  const { channel, settings, keys } = specimen

  it('takes its settings, the same when parsed again, and none that it does not know', () => {
    const parsed = channel.settings.parse(settings)
    expect(channel.settings.parse(parsed)).toEqual(parsed)
    expect(channel.settings.safeParse({ ...settings, surprise: 1 }).success).toBe(false)
    expect(channel.settings.safeParse({}).success).toBe(false)
  })

  it('says what each of its keys is for', () => {
    for (const [name, { purpose, optional = false }] of Object.entries(channel.keys)) {
      expect(purpose.length, name).toBeGreaterThan(10)
      expect(optional || name in keys, `the specimen gives no key "${name}"`).toBe(true)
    }
  })

  it('has times that come to an end', () => {
    const { askAfter, lastMomentMs, finalWithinMs } = channel.times(channel.settings.parse(settings))
    for (const ms of [askAfter.begunMs, askAfter.returnedMs, lastMomentMs, ...askAfter.askedMs]) {
      expect(Number.isSafeInteger(ms) && ms > 0, `${ms}`).toBe(true)
    }
    expect(askAfter.askedMs.length).toBeGreaterThan(0)
    expect(finalWithinMs).toBeGreaterThanOrEqual(0)
    expect(lastMomentMs + finalWithinMs).toBeLessThanOrEqual(100 * DAY_MS)
  })

  it('has offers and chores by different names', () => {
    const { agreement } = stageOf(specimen)
    const offers = (channel.offers?.(agreement) ?? []).map(({ id }) => id)
    const chores = (channel.chores ?? []).map(({ name }) => name)
    expect([new Set(offers).size, new Set(chores).size]).toEqual([offers.length, chores.length])
  })
}

const describeBegin = <Settings, State>(specimen: Specimen<Settings, State>): void => {
  const begin = async (order: Partial<Order> = {}) => {
    const { channel, agreement, order: usual } = stageOf(specimen)
    return plain(await channel.begin(frozen({ ...usual, ...order }), agreement))
  }

  it('begins the same order with the same step', async () => {
    expect(await begin()).toEqual(await begin())
  })

  it('begins a payment of any size, language and text, and a number of ten digits', async () => {
    const text = 'Šķēršļu iela 5 – „Ž”\n🚌 жилец '.repeat(20)
    for (const number of ['1', '9999999999']) {
      const attempt = { id: 'att_2' as const, number }
      await begin({ attempt, amount: { amountMinor: 99_999_999_999, currency: 'EUR' }, language: 'en' })
      await begin({ attempt, description: text, paymentReference: 'RF18539007547034', language: 'xx' })
    }
  })

  it('keeps what can be stored and given back', async () => {
    const { state, stage } = start(specimen)
    const { end } = await callThrough(stage, state, await stage.channel.begin(stage.order, stage.agreement))
    expect(['form', 'redirect']).toContain(end.step)
    const keep = 'keep' in end ? end.keep : {}
    expect(JSON.parse(JSON.stringify(keep))).toEqual(keep)
    for (const value of Object.values(keep.echo ?? {})) expect(typeof value).toBe('string')
  })
}

/** What is heard after a choice, message by message. */
export const wordsAfter = async <Settings, State>(
  specimen: Specimen<Settings, State>,
  choice: string,
): Promise<readonly string[]> => {
  const { trip, stage } = await tripOf(specimen, choice)
  const words = []
  for (const message of trip.messages) {
    const { readings, carrier } = await specimen.channel.read(frozen(message), stage.agreement)
    words.push(...readings.map((reading) => `${carrier} ${wordsOf(reading)}`))
  }
  return words
}

const describeTrips = <Settings, State>(specimen: Specimen<Settings, State>): void => {
  const { simulator, heard, channel } = specimen

  it('is told what to hear after every choice of its simulator', () => {
    expect(Object.keys(heard).sort()).toEqual(simulator.choices.map(({ id }) => id).sort())
  })

  it.each(simulator.choices.map(({ id }) => id))('hears what it should after "%s"', async (choice) => {
    expect(await wordsAfter(specimen, choice)).toEqual(heard[choice])
  })

  it.each(simulator.choices.map(({ id }) => id))('reads the same again after "%s", at any time', async (choice) => {
    const { trip, stage } = await tripOf(specimen, choice)
    for (const message of trip.messages) {
      const first = await channel.read(message, stage.agreement)
      expect(await channel.read(message, stage.agreement)).toEqual(first)
      const { receivedAt, ...timeless } = message
      await channel.read(timeless, stage.agreement)
      for (const reading of first.readings) expectHonest(reading)
    }
  })

  if (channel.enquire) {
    it.each(simulator.choices.map(({ id }) => id))('is told something when it asks after "%s"', async (choice) => {
      const { trip, stage } = await tripOf(specimen, choice)
      const asked = await channel.enquire?.(trip.attempt, stage.agreement)
      if (!asked) return
      const { end } = await callThrough(stage, trip.state, asked)
      expect(end.step).toBe('heard')
      if (end.step === 'heard') for (const reading of end.readings) expectHonest(reading)
    })
  }

  if (channel.refund) {
    it('is told something when it asks for money back', async () => {
      const { end } = (await moneyAskedBack(specimen)).made
      expect(end.step).toBe('heard')
      if (end.step === 'heard') expect(end.readings.map(({ says }) => says)).not.toContain('untrusted')
    })
  }

  if (channel.tellsEveryRefund) {
    it('is told of a refund by our number when it asks without naming it, as after it was forgotten', async () => {
      const { trip, stage, refund, made } = await moneyAskedBack(specimen)
      expect(trip.attempt.refunds).toEqual([])
      const asked = must(await channel.enquire?.(trip.attempt, stage.agreement), 'can be asked')
      const { end } = await callThrough(stage, made.state, asked)
      const told = end.step === 'heard' ? end.readings : []
      const { amount } = refund
      expect(told).toContainEqual(
        expect.objectContaining({ about: { refund: refund.number }, states: expect.objectContaining({ amount }) }),
      )
    })
  }
}

/** A paid attempt of which one cent was asked back. */
const moneyAskedBack = async <Settings, State>(specimen: Specimen<Settings, State>) => {
  const { trip, stage } = await tripOf(specimen, specimen.simulator.choices[0]?.id ?? '')
  const refund: Refund = {
    id: 'rfd_1',
    number: '1',
    amount: { ...trip.attempt.amount, amountMinor: 1 },
    attempt: trip.attempt,
  }
  const asked = must(await specimen.channel.refund?.(refund, stage.agreement), 'takes refunds')
  return { trip, stage, refund, made: await callThrough(stage, trip.state, asked) }
}

const must = (step: Step | undefined, ability: string): Step => {
  if (step === undefined) throw new Error(`the channel promises that it ${ability}`)
  return step
}

const expectHonest = (reading: Reading): void => {
  if (reading.says !== 'untrusted') return
  expect(reading.states).toBeUndefined()
  expect(reading.payer).toBeUndefined()
  expect(reading.rule).toMatch(/^[a-z_]+$/)
  expect(reading.detail.length).toBeGreaterThan(10)
}

const describeForgeries = <Settings, State>(specimen: Specimen<Settings, State>): void => {
  const { channel, simulator } = specimen
  const { agreement } = stageOf(specimen)
  const believed: WireMessage[] = []
  const known: Reading[] = []

  beforeAll(async () => {
    for (const { id } of simulator.choices) {
      const { trip } = await tripOf(specimen, id)
      for (const message of trip.messages) {
        const { readings } = await channel.read(message, agreement)
        known.push(...readings)
        if (readings.every(({ says }) => says !== 'untrusted')) believed.push(message)
      }
    }
  })

  it('reads an altered message as it was, or does not believe it', async () => {
    await fc.assert(
      fc.asyncProperty(altered(believed), async (message) => {
        for (const reading of (await channel.read(message, agreement)).readings) {
          expectHonest(reading)
          if (!HARMLESS.includes(reading.says)) expect(known).toContainEqual(reading)
        }
      }),
      { numRuns: ALTERATIONS },
    )
  })

  it('takes garbage for garbage', async () => {
    await fc.assert(
      fc.asyncProperty(garbage, async (message) => {
        for (const reading of (await channel.read(message, agreement)).readings) {
          expectHonest(reading)
          expect(HARMLESS).toContain(reading.says)
        }
      }),
      { numRuns: GARBAGE },
    )
  })

  it('believes nothing under another merchant’s keys', async () => {
    const strangers = testAgreement(channel, {
      settings: specimen.settings,
      keys: specimen.strangersKeys,
      now: specimen.now,
    })
    for (const message of believed) {
      const { readings } = await channel.read(message, strangers)
      for (const { says } of readings) expect(HARMLESS).toContain(says)
    }
  })
}

const stageOf = <Settings, State>(specimen: Specimen<Settings, State>, number = '1002'): Stage<Settings, State> => {
  const { channel, simulator, keys, settings, root, now } = specimen
  const address = `https://hub.example/psp/${channel.id}/test-agreement/att_${number}`
  return {
    channel,
    simulator,
    keys,
    agreement: frozen(testAgreement(channel, { settings, keys, now })),
    bank: testBank({ ...specimen.bank, root, now }),
    order: {
      attempt: { id: `att_${number}`, number },
      amount: { amountMinor: 1234, currency: 'EUR' },
      payee: PAYEE,
      reference: 'NIN-2026-000123',
      description: 'Nekustamā īpašuma nodoklis – Šķērsiela 5',
      language: 'lv',
      addresses: { back: `${address}/back`, notice: `${address}/notice` },
      ...specimen.order,
    },
  }
}

const PAYEE = { iban: 'LV07HABA0000000000001', name: 'Liepkalnu novada pašvaldība' }

const start = <Settings, State>(specimen: Specimen<Settings, State>) => {
  const stage = stageOf(specimen)
  const setup = { agreements: [{ id: stage.agreement.id, settings: specimen.settings, payee: stage.order.payee }] }
  return { stage, state: specimen.simulator.start(setup) }
}

/** One trip with the choice, after an earlier payer has paid: only then is there an older message to replay. */
const tripOf = async <Settings, State>(
  specimen: Specimen<Settings, State>,
  choice: string,
): Promise<{ readonly stage: Stage<Settings, State>; readonly trip: Trip<State> }> => {
  const { stage, state } = start(specimen)
  const usual = specimen.simulator.choices[0]?.id ?? ''
  const before = await travel(stageOf(specimen, '1001'), state, usual)
  return { stage, trip: await travel(stage, before.state, choice) }
}

/** A step without its function: what can be compared. */
const plain = (step: Step): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(step).filter(([name]) => name !== 'next'))

/** An argument that cannot be written to, bytes excepted: nothing can freeze those. */
const frozen = <Value>(value: Value): Value => {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value
  for (const part of Object.values(value)) frozen(part)
  return Object.freeze(value)
}
