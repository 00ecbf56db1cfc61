import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DAY_MS, HOUR_MS, MINUTE_MS, parseInstant, toRfc3339 } from '../../src/kernel/time.ts'
import { startTestHub, type TestHub } from '../support/hub.ts'
import { visit } from '../support/payer.ts'
import { orderBody, ordered, paidThrough, truth } from '../support/story.ts'

/** The demo's merchant with a second account that only an outdated agreement pays into, and with limits. */
const withMore = (text: string): string =>
  text
    .replace(
      '      - { id: swedbank, iban: LV07HABA0000000000001 }\n',
      `      - { id: swedbank, iban: LV07HABA0000000000001 }
      - { id: former, iban: LV50UNLA0000000000002 }
`,
    )
    .replace(
      '    eServices:\n      - id: property-tax\n',
      `      - id: liepkalni-former
        channel: sandbox
        account: former
        validFrom: 2024-01-01
        validTo: 2025-01-01
        settings: { merchantId: LIEPKALNI, url: "http://localhost:1/sandbox" }
        keys:
          api: { secret: { file: keys/liepkalni-sandbox-api.txt } }
          bank:
            - { publicKey: { file: keys/sandbox-bank.public.pem }, from: 2024-01-01 }
    eServices:
      - id: property-tax
        limits: { minMinor: 100, maxMinor: 500000 }
`,
    )

let hub: TestHub
beforeAll(async () => {
  hub = await startTestHub({ file: withMore })
})
afterAll(() => hub.stop())

const create = (more: Readonly<Record<string, unknown>>) => hub.api('POST', '/v1/payments', orderBody(hub, more))

describe('an order that is right', () => {
  it('is answered with the whole payment, of which nothing has happened yet', async () => {
    const more = {
      payer: { name: 'Anna Paraudziņa', email: 'anna@paraugs.example' },
      metadata: { object: '01000010001' },
    }
    const sent = { ...orderBody(hub), ...more, paymentReference: 'RF18539007547034' }
    const { status, body, headers } = await hub.api('POST', '/v1/payments', sent)
    expect(status, JSON.stringify(body)).toBe(201)
    expect(headers.get('content-type')).toBe('application/json')
    expect(headers.get('cache-control')).toBe('no-store')
    expect(body).toEqual({
      id: expect.stringMatching(/^pay_[0-9a-z]{26}$/),
      mode: 'test',
      reference: sent.reference,
      status: 'open',
      final: false,
      closing: null,
      attention: [],
      amount: 12_345,
      currency: 'EUR',
      paidAmount: 0,
      refundedAmount: 0,
      reversedAmount: 0,
      description: sent.description,
      payee: null,
      language: 'lv',
      allowedAttempts: 'many',
      attempts: [],
      refunds: [],
      createdAt: expect.stringMatching(/Z$/),
      expiresAt: expect.stringMatching(/Z$/),
      metadata: sent.metadata,
      payUrl: expect.stringMatching(new RegExp(`^${hub.root}/pay/[0-9a-z]{32}$`)),
      returnUrl: sent.returnUrl,
      payer: sent.payer,
      payersAtBank: [],
      events: [],
    })
    expect(body.payUrl).not.toContain(body.id)
    const open = (parseInstant(String(body.expiresAt)) ?? 0) - (parseInstant(String(body.createdAt)) ?? 0)
    expect(open).toBe(30 * DAY_MS)
    expect(await truth(hub, body.id)).toEqual(body)
  })

  it.each([
    { says: 'one attempt when the e-service has chosen the bank', more: { channel: 'sandbox' }, has: 'one' },
    { says: 'many when it says so', more: { channel: 'sandbox', attempts: 'many' }, has: 'many' },
    { says: 'one when it says so', more: { attempts: 'one' }, has: 'one' },
  ])('allows $says', async ({ more, has }) => {
    expect((await create(more)).body).toMatchObject({ allowedAttempts: has })
  })

  it('takes a plain text as the description in its language', async () => {
    const { body } = await create({ description: 'Waste, March', language: 'en' })
    expect(body).toMatchObject({ description: { en: 'Waste, March' }, language: 'en' })
    expect((await visit(body.payUrl)).text).toContain('Waste, March')
  })

  it('offers the payer only the banks it names', async () => {
    const { body } = await create({ channels: ['sandbox'] })
    const { text } = await visit(body.payUrl)
    expect(text).toContain('value="sandbox"')
    expect(text).not.toContain('value="swedbank-lv"')
  })
})

const long = (length: number): string => 'x'.repeat(length)

describe('an order that is wrong is refused, naming the field and storing nothing', () => {
  it.each([
    { what: 'no reference', more: { reference: undefined }, path: 'reference' },
    { what: 'an empty reference', more: { reference: '' }, path: 'reference' },
    { what: 'a reference with a blank', more: { reference: 'A B' }, path: 'reference' },
    { what: 'a reference of 36 characters', more: { reference: long(36) }, path: 'reference' },
    { what: 'an amount of nothing', more: { amount: 0 }, path: 'amount' },
    { what: 'an amount below zero', more: { amount: -5 }, path: 'amount' },
    { what: 'half a cent', more: { amount: 12.5 }, path: 'amount' },
    { what: 'an amount in words', more: { amount: '1234' }, path: 'amount' },
    { what: 'an amount that no bank takes', more: { amount: 1e15 }, path: 'amount' },
    { what: 'a currency in small letters', more: { currency: 'eur' }, path: 'currency' },
    { what: 'an empty description', more: { description: ' ' }, path: 'description' },
    { what: 'a description of 141 characters', more: { description: long(141) }, path: 'description' },
    { what: 'a description in no language', more: { description: {} }, path: 'description' },
    { what: 'a relative return address', more: { returnUrl: '/back' }, path: 'returnUrl' },
    { what: 'a return address that is a script', more: { returnUrl: 'javascript:alert(1)' }, path: 'returnUrl' },
    { what: 'a wrong e-mail of the payer', more: { payer: { email: 'anna' } }, path: 'payer.email' },
    { what: 'a wrong personal code', more: { payer: { personalCode: '123' } }, path: 'payer.personalCode' },
    {
      what: 'a wrong registration number',
      more: { payer: { registrationNumber: 'LV' } },
      path: 'payer.registrationNumber',
    },
    { what: 'an unknown field of the payer', more: { payer: { card: '4111' } }, path: 'payer.card' },
    {
      what: 'a creditor reference with wrong digits',
      more: { paymentReference: 'RF00539007547034' },
      path: 'paymentReference',
    },
    { what: 'a language of three letters', more: { language: 'lav' }, path: 'language' },
    { what: 'an empty list of banks', more: { channels: [] }, path: 'channels' },
    { what: 'a bank that is a number', more: { channels: [5] }, path: 'channels.0' },
    { what: 'a deadline in words', more: { expiresAt: 'tomorrow' }, path: 'expiresAt' },
    { what: 'attempts in digits', more: { attempts: 3 }, path: 'attempts' },
    { what: 'metadata that is not text', more: { metadata: { a: 1 } }, path: 'metadata.a' },
    { what: 'an unknown field', more: { amout: 5 }, path: 'amout' },
  ])('$what: $path', async ({ more, path }) => {
    const sent = orderBody(hub, more)
    const { status, body, headers } = await hub.api('POST', '/v1/payments', sent)
    expect(status).toBe(422)
    expect(headers.get('content-type')).toBe('application/problem+json')
    expect(body).toMatchObject({ type: 'urn:ebizness:problem:invalid_fields', code: 'invalid_fields', status: 422 })
    expect(body.errors.map((error) => error.path)).toContain(path)
    if (/^[\w-]+$/.test(sent.reference ?? '') && sent.reference.length < 36)
      expect((await hub.api('GET', `/v1/payments?reference=${sent.reference}`)).body.payments).toEqual([])
  })

  it('names all wrong fields at once', async () => {
    const { body } = await create({ amount: 0, currency: '€' })
    expect(body.errors.map((error) => error.path).sort()).toEqual(['amount', 'currency'])
    expect(JSON.stringify(body.errors)).not.toMatch(/expected|received|Invalid/)
  })
})

describe('an order that does not fit the e-service is refused with a code of its own', () => {
  const shop = () => new URL(hub.shopRoot)
  it.each([
    {
      what: 'a foreign return address',
      more: () => ({ returnUrl: 'https://evil.example/back' }),
      code: 'return_url_not_registered',
      path: 'returnUrl',
    },
    {
      what: 'the right host on another port',
      more: () => ({ returnUrl: 'http://localhost:1/back' }),
      code: 'return_url_not_registered',
      path: 'returnUrl',
    },
    {
      what: 'the registered host as the user of another',
      more: () => ({ returnUrl: `http://${shop().host}@evil.example/` }),
      code: 'return_url_not_registered',
      path: 'returnUrl',
    },
    {
      what: 'a user at the registered host',
      more: () => ({ returnUrl: `http://evil.example@${shop().host}/` }),
      code: 'return_url_not_registered',
      path: 'returnUrl',
    },
    {
      what: 'the registered host as a part of another',
      more: () => ({ returnUrl: `http://${shop().hostname}.evil.example:${shop().port}/` }),
      code: 'return_url_not_registered',
      path: 'returnUrl',
    },
    {
      what: 'a backslash before another host',
      more: () => ({ returnUrl: `http://evil.example\\@${shop().host}/` }),
      code: 'return_url_not_registered',
      path: 'returnUrl',
    },
    { what: 'an unknown payee', more: () => ({ payee: 'mayor' }), code: 'unknown_payee', path: 'payee' },
    {
      what: 'a payee whose agreement is out of date',
      more: () => ({ payee: 'former' }),
      code: 'agreement_not_valid',
      path: 'payee',
    },
    {
      what: 'a bank that there is not',
      more: () => ({ channel: 'moon-bank' }),
      code: 'unknown_offer',
      path: 'channel',
    },
    {
      what: 'a bank among others that there is not',
      more: () => ({ channels: ['sandbox', 'moon-bank'] }),
      code: 'unknown_offer',
      path: 'channels',
    },
    {
      what: 'a language that the e-service does not speak',
      more: () => ({ language: 'et' }),
      code: 'language_not_offered',
      path: 'language',
    },
    {
      what: 'less than the e-service takes',
      more: () => ({ amount: 99 }),
      code: 'amount_out_of_limits',
      path: 'amount',
    },
    {
      what: 'more than the e-service takes',
      more: () => ({ amount: 500_001 }),
      code: 'amount_out_of_limits',
      path: 'amount',
    },
    {
      what: 'a currency that no bank of the merchant takes',
      more: () => ({ currency: 'USD' }),
      code: 'amount_out_of_limits',
      path: 'amount',
    },
    {
      what: 'a deadline that has passed',
      more: () => ({ expiresAt: toRfc3339(hub.clock.now() - 1) }),
      code: 'expiry_out_of_range',
      path: 'expiresAt',
    },
    {
      what: 'a deadline in two years',
      more: () => ({ expiresAt: toRfc3339(hub.clock.now() + 700 * DAY_MS) }),
      code: 'expiry_out_of_range',
      path: 'expiresAt',
    },
  ])('$what: $code', async ({ more, code, path }) => {
    const { status, body } = await create(more())
    expect({ status, code: body.code }).toEqual({ status: 422, code })
    expect(body.errors).toEqual([{ path, message: expect.stringMatching(/\S/) }])
  })

  it.each([100, 500_000])('takes the limits themselves: %i', async (amount) => {
    expect((await create({ amount })).status).toBe(201)
  })

  it('says so when the agreement behind a bank is no longer valid', async () => {
    await hub.apply((text) =>
      withMore(text).replace(
        '      - id: liepkalni-sandbox\n        channel: sandbox\n        account: swedbank\n        validFrom: 2025-01-01\n',
        '      - id: liepkalni-sandbox\n        channel: sandbox\n        account: swedbank\n        validFrom: 2025-01-01\n        validTo: 2025-06-01\n',
      ),
    )
    const { body } = await create({ channel: 'sandbox' })
    expect(body).toMatchObject({ code: 'agreement_not_valid', errors: [{ path: 'channel' }] })
    const { body: offered } = await hub.api('GET', '/v1/channels')
    expect(offered.offers.map(({ id }) => id)).toEqual(['swedbank-lv', 'seb-lv'])
    await hub.apply(withMore)
    expect((await create({ channel: 'sandbox' })).status).toBe(201)
  })
})

describe('a request that is not in order', () => {
  const post = (body: string | undefined, headers: Readonly<Record<string, string>> = {}) =>
    hub.api('POST', '/v1/payments', body, { headers })

  it.each([
    { what: 'malformed JSON', body: '{"reference": ', headers: {}, status: 400, code: 'malformed_json' },
    {
      what: 'no JSON by its type',
      body: 'a=b',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      status: 415,
      code: 'not_json',
    },
    {
      what: 'a body of 70 kB',
      body: JSON.stringify({ description: long(70_000) }),
      headers: {},
      status: 413,
      code: 'too_large',
    },
    {
      what: 'an empty Idempotency-Key',
      body: '{}',
      headers: { 'idempotency-key': '' },
      status: 400,
      code: 'idempotency_key_missing',
    },
    {
      what: 'an Idempotency-Key of 256 characters',
      body: '{}',
      headers: { 'idempotency-key': long(256) },
      status: 400,
      code: 'idempotency_key_missing',
    },
    { what: 'JSON that is no object', body: '[]', headers: {}, status: 422, code: 'invalid_fields' },
  ])('with $what is answered $status $code', async ({ body, headers, status, code }) => {
    const answer = await post(body, headers)
    expect({ status: answer.status, code: answer.body.code }).toEqual({ status, code })
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
    expect(answer.body.detail).toMatch(/\S/)
  })

  it('without an Idempotency-Key is answered 400', async () => {
    const { key } = await hub.keyOf('property-tax')
    const answer = await fetch(`${hub.root}/v1/payments`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify(orderBody(hub)),
    })
    expect(answer.status).toBe(400)
    expect(await answer.json()).toMatchObject({ code: 'idempotency_key_missing' })
  })
})

describe('one reference, one payment', () => {
  const twin = (reference: string) => create({ reference })

  it('refuses a second order of a reference that can still be paid, and names the first', async () => {
    const first = await ordered(hub)
    const { status, body } = await twin(first.reference)
    expect(status).toBe(409)
    expect(body).toMatchObject({ code: 'reference_in_use', payment: first.id })
  })

  it('refuses it for ever once it is paid', async () => {
    const { order } = await paidThrough(hub, 'swedbank-lv', 'pay')
    expect((await twin(order.reference)).body).toMatchObject({ code: 'reference_in_use', payment: order.id })
  })

  it('takes it again once the first is closed without money', async () => {
    const first = await ordered(hub)
    expect((await hub.api('POST', `/v1/payments/${first.id}/cancel`)).status).toBe(200)
    const second = await twin(first.reference)
    expect(second.status).toBe(201)
    expect((await twin(first.reference)).body).toMatchObject({ code: 'reference_in_use', payment: second.body.id })
  })

  it('lets another e-service use it', async () => {
    const { key } = await hub.keyOf('kindergarten')
    const first = await ordered(hub)
    const other = await hub.api('POST', '/v1/payments', orderBody(hub, { reference: first.reference }), { key })
    expect(other.status).toBe(201)
  })

  it('refuses it again once the freed one is paid late', async () => {
    const { order: first } = await paidThrough(hub, 'sandbox', 'paid_hours_later')
    expect((await hub.api('POST', `/v1/payments/${first.id}/cancel`)).status).toBe(202)
    await hub.clock.advance(40 * MINUTE_MS)
    expect(await truth(hub, first.id)).toMatchObject({ status: 'cancelled' })
    await hub.clock.advance(2 * HOUR_MS)
    await hub.settle()
    expect(await truth(hub, first.id)).toMatchObject({ status: 'executed' })
    const { status, body } = await twin(first.reference)
    expect([status, body]).toMatchObject([409, { code: 'reference_in_use', payment: first.id }])
  })

  it('tells both when the freed one is paid late beside a new one', async () => {
    const { order: first } = await paidThrough(hub, 'sandbox', 'paid_hours_later')
    expect((await hub.api('POST', `/v1/payments/${first.id}/cancel`)).status).toBe(202)
    await hub.clock.advance(40 * MINUTE_MS)
    expect(await truth(hub, first.id)).toMatchObject({ status: 'cancelled' })
    const { order: second } = await paidThrough(hub, 'swedbank-lv', 'pay', { reference: first.reference })
    await hub.clock.advance(2 * HOUR_MS)
    await hub.settle()
    // The bank had said that the order expired there.
    expect(await truth(hub, first.id)).toMatchObject({
      status: 'executed',
      attention: ['paid_late', 'paid_twice', 'contradiction'],
    })
    expect(await truth(hub, second.id)).toMatchObject({ status: 'executed', attention: ['paid_twice'] })
  })
})
