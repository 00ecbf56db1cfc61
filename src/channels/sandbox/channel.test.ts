import { sign } from 'node:crypto'
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import {
  agreementAt,
  asWire,
  attempt,
  begun,
  idOf,
  must,
  openWorld,
  orderOf,
  ours,
  ROOT,
  readings,
  START,
  settings,
  word,
} from '../../../test/support/sandbox-stage.ts'
import { MINUTE_MS, SECOND_MS } from '../../kernel/time.ts'
import { testAgreement } from '../conformance/agreement.ts'
import { sandboxChannel as channel } from './channel.ts'
import { sandbox } from './index.ts'

describe('beginning', () => {
  test('calls the bank first and sends the payer to the page that the bank names', async () => {
    const world = openWorld()
    const step = await world.begin(orderOf(12_345))
    expect(step).toMatchObject({ step: 'redirect', keep: { echo: { reference: 'NIN-2026-1001' } } })
    const visited = await world.request('GET', step?.step === 'redirect' ? step.url : '')
    expect(visited.answer).toMatchObject({ kind: 'carry', method: 'GET' })
  })

  test('may be repeated: the same order is one payment', async () => {
    const world = openWorld()
    expect(await begun(world)).toEqual(await begun(world))
    expect(world.orders()).toHaveLength(1)
  })

  test('names its secret without knowing it', async () => {
    const step = await channel.begin(orderOf(1), agreementAt(START))
    expect(step).toMatchObject({
      step: 'call',
      repeatable: true,
      message: { auth: { scheme: 'bearer', secret: 'api' } },
    })
  })

  test.each([
    ['the answer is an error and nothing was booked', 90, undefined, 0],
    ['the answer is an error though it was booked', 91, undefined, 1],
    ['nobody answers and nothing was booked', 93, 'silence', 0],
    ['nobody answers though it was booked', 94, 'silence', 1],
    ['the bank turns it down', 95, 'not_begun', 0],
    ['the answer is nonsense', 96, 'answer_form', 0],
  ])('when %s', async (_, ending, expected, booked) => {
    const world = openWorld()
    const step = await world.begin(orderOf(10_000 + ending))
    if (expected === 'silence') expect(step).toBeUndefined()
    else expect(readings(step).map(word)).toEqual(expected ? [expected] : [])
    expect(world.orders()).toHaveLength(booked)
    const asked = await world.enquire(attempt({ amountMinor: 10_000 + ending }))
    expect(asked.map(word)).toEqual([booked ? 'waiting' : 'not_begun'])
  })

  test('a slow bank answers after eight seconds', async () => {
    const step = await channel.begin(orderOf(10_092), agreementAt(START))
    const world = openWorld()
    const { answer } =
      step.step === 'call' ? await world.request('POST', step.message.url, step.message.body) : await world.visit('')
    expect(answer).toMatchObject({ kind: 'answer', status: 201, afterMs: 8 * SECOND_MS })
  })

  test('a payment that the bank already ended is heard, not shown', async () => {
    const world = openWorld()
    const made = await begun(world)
    await world.choose(idOf(made), 'decline')
    expect(readings(await world.begin(orderOf(12_345))).map(word)).toEqual(['declined'])
  })

  test('an answer that states another amount sends nobody anywhere', async () => {
    const step = await channel.begin(orderOf(500), agreementAt(START))
    const world = openWorld()
    const made = await begun(world, 600)
    const { answer } = await world.request('GET', `${ROOT}/payments/${idOf(made)}`)
    if (step.step !== 'call' || answer.kind !== 'answer') throw new Error('no call')
    const next = await step.next({
      status: 200,
      headers: {},
      body: new TextEncoder().encode(answer.body),
      receivedAt: START,
    })
    expect(readings(next)).toMatchObject([{ says: 'waiting', states: { amount: { amountMinor: 600 } } }])
  })
})

describe('the payer’s return', () => {
  test('proves nothing, whatever it claims: ask', async () => {
    const heard = await channel.read(
      { method: 'GET', url: 'https://hub.example/back?status=paid', headers: {}, body: new Uint8Array() },
      agreementAt(START),
    )
    expect(heard).toEqual({ carrier: 'payer', readings: [{ about: { address: true }, says: 'ask' }] })
  })
})

describe('a notice that was touched', () => {
  test('is untrusted whichever byte differs', async () => {
    const world = openWorld()
    const { send } = await world.choose(idOf(await begun(world)), 'pay')
    const genuine = asWire(must(send[0]))
    await fc.assert(
      fc.asyncProperty(fc.nat(genuine.body.length - 1), fc.integer({ min: 1, max: 255 }), async (place, flip) => {
        const body = genuine.body.map((byte, at) => (at === place ? byte ^ flip : byte))
        const { readings } = await channel.read({ ...genuine, body }, agreementAt(START))
        expect(readings.map(word)).toEqual(['signature'])
      }),
    )
  })

  test.each([
    ['no signature', {}],
    ['a signature that is not base64', { 'x-sandbox-signature': '***' }],
    ['a short signature', { 'x-sandbox-signature': 'AAAA' }],
  ])('with %s', async (_, headers) => {
    const heard = await channel.read(
      { method: 'POST', url: 'https://hub.example/notice', headers, body: new Uint8Array([1]) },
      agreementAt(START),
    )
    expect(heard.readings.map(word)).toEqual(['signature'])
  })

  test('that is signed but is no notice', async () => {
    const body = new TextEncoder().encode('{"event":"hello"}')
    const headers = { 'x-sandbox-signature': sign(null, body, ours.privateKey).toString('base64') }
    const heard = await channel.read(
      { method: 'POST', url: 'https://hub.example/notice', headers, body },
      agreementAt(START),
    )
    expect(heard.readings.map(word)).toEqual(['form'])
  })

  test('a status that nobody has documented waits, with the word kept', async () => {
    const world = openWorld()
    const { send } = await world.choose(idOf(await begun(world)), 'pay')
    const body = new TextEncoder().encode(
      new TextDecoder().decode(must(send[0]).body).replace('"status":"paid"', '"status":"frozen"'),
    )
    const headers = { 'x-sandbox-signature': sign(null, body, ours.privateKey).toString('base64') }
    const heard = await channel.read({ ...asWire(must(send[0])), body, headers }, agreementAt(START))
    expect(heard.readings).toMatchObject([{ says: 'waiting', word: 'frozen' }])
  })
})

const Vectors = z.object({
  publicKey: z.string(),
  notices: z.array(z.object({ name: z.string(), body: z.string(), signature: z.string(), reads: z.array(z.string()) })),
})
const vectors = Vectors.parse(JSON.parse(readFileSync(new URL('./vectors/notices.json', import.meta.url), 'utf8')))

describe('the published notices', () => {
  test.each(vectors.notices)('$name: $reads', async ({ body, signature, reads }) => {
    const agreement = testAgreement(channel, {
      settings,
      keys: { bank: [{ publicKey: vectors.publicKey }] },
      now: START,
    })
    const message = {
      method: 'POST',
      url: 'https://hub.example/notice',
      headers: { 'x-sandbox-signature': signature },
      body: new TextEncoder().encode(body),
    }
    expect((await channel.read(message, agreement)).readings.map(word)).toEqual(reads)
  })
})

describe('asking', () => {
  test.each([
    ['failing', []],
    ['turning_down', []],
    ['well', ['waiting']],
  ] as const)('a bank that is %s says %j', async (mood, words) => {
    const world = openWorld()
    const made = await begun(world)
    await world.mood(mood)
    expect((await world.enquire(made)).map(word)).toEqual(words)
  })

  test('an answer about another payment is not believed', async () => {
    const world = openWorld()
    const other = await begun(world, 700, '1000')
    await world.choose(idOf(other), 'pay')
    expect((await world.enquire({ ...other, number: '1001' })).map(word)).toEqual(['answer_about'])
  })

  test('a payment that the bank once named and no longer knows is an alarm, not a refusal', async () => {
    const asked = await openWorld().enquire(attempt({ kept: { pspIds: ['sbx_gone'] } }))
    expect(asked).toEqual([{ about: { number: '1001' }, says: 'waiting', word: 'unknown_payment' }])
  })
})

describe('refunds', () => {
  const paidWorld = async () => {
    const world = openWorld()
    const made = await begun(world)
    await world.choose(idOf(made), 'pay')
    return { world, made }
  }

  test.each([
    [12_345, ['refunded']],
    [5_097, ['accepted']],
    [5_098, ['accepted']],
    [12_346, ['rejected']],
  ])('of %i cents', async (amountMinor, words) => {
    const { world, made } = await paidWorld()
    expect((await world.refund(made, '7', amountMinor)).map(word)).toEqual(words)
  })

  test('the same number is the same refund, another amount under it is turned down', async () => {
    const { world, made } = await paidWorld()
    expect(await world.refund(made, '7', 1000)).toEqual(await world.refund(made, '7', 1000))
    expect((await world.refund(made, '7', 1001)).map(word)).toEqual(['rejected'])
    expect(world.orders()).toMatchObject([{ refundedMinor: 1000 }])
  })

  test.each([
    [5_097, 'refunded'],
    [5_098, 'rejected'],
  ])('one of %i cents ends a minute later as %s, and the bank tells', async (amountMinor, end) => {
    const { world, made } = await paidWorld()
    await world.refund(made, '7', amountMinor)
    expect((await world.enquire(made)).map(word)).toEqual(['paid', 'accepted'])
    world.pass(MINUTE_MS)
    expect((await world.enquire(made)).map(word)).toEqual(['paid', end])
  })

  test('where the bank’s id was never learned, it is asked for first', async () => {
    const { world, made } = await paidWorld()
    expect((await world.refund({ ...made, kept: {} }, '7', 1000)).map(word)).toEqual(['refunded'])
  })

  test('an unpaid payment has nothing to give back', async () => {
    const world = openWorld()
    expect((await world.refund(await begun(world), '7', 1)).map(word)).toEqual(['rejected'])
  })
})

describe('settings', () => {
  test.each([
    ['an unknown name', { merchantId: 'LIEPKALNI', url: ROOT, merchant: 'x' }],
    ['a slash at the end of the address', { merchantId: 'LIEPKALNI', url: `${ROOT}/` }],
    ['an address of another kind', { merchantId: 'LIEPKALNI', url: 'ftp://bank.example' }],
    ['no merchant', { url: ROOT }],
    ['no time to pay', { merchantId: 'LIEPKALNI', url: ROOT, payableForMinutes: 0 }],
  ])('refuse %s', (_, given) => {
    expect(channel.settings.safeParse(given).success).toBe(false)
  })

  test('times follow the agreement', () => {
    const times = channel.times({ ...settings, payableForMinutes: 20 })
    expect(times).toMatchObject({
      lastMomentMs: 20 * MINUTE_MS,
      unansweredBegin: 'dead',
      askAfter: { returnedMs: 2000 },
    })
  })

  test('the tile is an SVG with a name', () => {
    expect(sandbox.logo).toMatch(/^<svg .*aria-label="Sandbox bank"/)
  })
})
