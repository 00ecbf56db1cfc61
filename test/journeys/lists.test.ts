import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DAY_MS, HOUR_MS, toRfc3339 } from '../../src/kernel/time.ts'
import { type ApiBody, startTestHub, type TestHub } from '../support/hub.ts'
import { visit } from '../support/payer.ts'
import { noticesOf, ordered, paidThrough } from '../support/story.ts'

let hub: TestHub
beforeAll(async () => {
  hub = await startTestHub()
})
afterAll(() => hub.stop())

const get = async (path: string): Promise<ApiBody> => {
  const { status, body } = await hub.api('GET', path)
  expect(status, JSON.stringify(body)).toBe(200)
  return body
}
const ids = (payments: readonly { readonly id: string }[]): readonly string[] => payments.map(({ id }) => id)

describe('the list of payments', () => {
  it('comes newest first, page by page, each payment once, though new ones are made meanwhile', async () => {
    const made: string[] = []
    for (let i = 0; i < 7; i++) made.unshift((await ordered(hub)).id)
    const seen: string[] = []
    let next: string | null = ''
    for (let pages = 0; next !== null && pages < 10; pages++) {
      const page: ApiBody = await get(`/v1/payments?limit=3${next === '' ? '' : `&after=${next}`}`)
      expect(page.payments.length).toBeLessThanOrEqual(3)
      seen.push(...ids(page.payments))
      next = page.next
      await ordered(hub)
    }
    expect(seen).toEqual(made)
  })

  it('ends without a cursor when the last page is just full', async () => {
    const since = toRfc3339(hub.clock.now())
    const made = [await ordered(hub), await ordered(hub)]
    const page = await get(`/v1/payments?from=${since}&limit=2`)
    expect(ids(page.payments)).toEqual(ids(made.reverse()))
    expect(page.next).toBeNull()
  })

  it('is narrowed by reference, status and time', async () => {
    const before = await ordered(hub)
    await hub.clock.advance(HOUR_MS)
    const from = toRfc3339(hub.clock.now())
    const open = await ordered(hub)
    const { order: paid } = await paidThrough(hub, 'swedbank-lv', 'pay')
    await hub.clock.advance(HOUR_MS)
    const to = toRfc3339(hub.clock.now())
    const after = await ordered(hub)
    expect(ids((await get(`/v1/payments?from=${from}&to=${to}`)).payments)).toEqual([paid.id, open.id])
    expect(ids((await get(`/v1/payments?from=${from}&status=open`)).payments)).toEqual([after.id, open.id])
    expect(ids((await get(`/v1/payments?from=${from}&status=executed`)).payments)).toEqual([paid.id])
    expect(ids((await get(`/v1/payments?reference=${before.reference}`)).payments)).toEqual([before.id])
    expect((await get('/v1/payments?reference=NO-SUCH')).payments).toEqual([])
  })

  it('is what a plain filter says, for every combination of filters', async () => {
    const start = toRfc3339(hub.clock.now())
    const open = await ordered(hub)
    await paidThrough(hub, 'sandbox', 'decline', { attempts: 'one' })
    await hub.clock.advance(HOUR_MS)
    const middle = toRfc3339(hub.clock.now())
    const { order: paid } = await paidThrough(hub, 'swedbank-lv', 'pay')
    const again = await ordered(hub)
    await hub.api('POST', `/v1/payments/${again.id}/cancel`)
    await ordered(hub, { reference: again.reference })
    await hub.clock.advance(HOUR_MS)
    const all = (await get(`/v1/payments?from=${start}&limit=100`)).payments
    expect(new Set(all.map(({ status }) => status))).toEqual(new Set(['open', 'refused', 'executed', 'cancelled']))
    const references = [undefined, open.reference, paid.reference, again.reference]
    const statuses = [undefined, 'open', 'started', 'executed', 'refused', 'cancelled']
    for (const reference of references)
      for (const status of statuses)
        for (const from of [start, middle])
          for (const to of [undefined, middle, toRfc3339(hub.clock.now())]) {
            const query = new URLSearchParams({ from, limit: '2' })
            for (const [name, value] of Object.entries({ reference, status, to })) if (value) query.set(name, value)
            const expected = all.filter(
              (one) =>
                (reference === undefined || one.reference === reference) &&
                (status === undefined || one.status === status) &&
                String(one.createdAt) >= from &&
                (to === undefined || String(one.createdAt) < to),
            )
            const first = await get(`/v1/payments?${query}`)
            query.set('limit', '100')
            const rest = first.next ? (await get(`/v1/payments?${query}&after=${first.next}`)).payments : []
            expect(ids([...first.payments, ...rest]), String(query)).toEqual(ids(expected))
          }
  })

  it.each([
    { query: 'limit=0', path: 'limit' },
    { query: 'limit=101', path: 'limit' },
    { query: 'limit=many', path: 'limit' },
    { query: 'status=paid', path: 'status' },
    { query: 'from=yesterday', path: 'from' },
    { query: 'to=2026', path: 'to' },
    { query: 'reference=A%20B', path: 'reference' },
    { query: 'after=nonsense', path: 'after' },
  ])('refuses ?$query', async ({ query, path }) => {
    const { status, body } = await hub.api('GET', `/v1/payments?${query}`)
    expect(status).toBe(422)
    expect(body.errors.map((error) => error.path)).toEqual([path])
  })
})

describe('the offers', () => {
  it('come in the merchant’s order with what an e-service’s own page needs', async () => {
    const { offers } = await get('/v1/channels?amount=12345&currency=EUR&language=en')
    expect(offers).toEqual([
      {
        id: 'swedbank-lv',
        name: 'Swedbank',
        logo: expect.stringMatching(new RegExp(`^${hub.root}/look/`)),
        health: 'good',
        pauseText: null,
        minAmount: null,
        maxAmount: null,
        currencies: ['EUR'],
      },
      expect.objectContaining({ id: 'seb-lv', name: 'SEB' }),
      expect.objectContaining({ id: 'sandbox', name: 'Sandbox bank' }),
    ])
    expect((await visit(offers[0]?.logo ?? '')).text).toContain('<svg')
    expect((await get('/v1/channels?language=lv')).offers[2]?.name).toBe('Izmēģinājumu banka')
    expect((await get('/v1/channels?currency=USD')).offers).toEqual([])
  })

  it('say what is paused, until when it is not', async () => {
    const from = hub.clock.now()
    const text = { lv: 'Banka veic uzlabojumus.', en: 'The bank is improving its systems.' }
    await hub.composed.merchants.announcePause('liepkalni-swedbank', { from, to: from + HOUR_MS, text })
    const paused = await get('/v1/channels?language=en')
    expect(paused.offers[0]).toMatchObject({ id: 'swedbank-lv', health: 'paused', pauseText: text.en })
    await hub.clock.advance(HOUR_MS)
    expect((await get('/v1/channels')).offers[0]).toMatchObject({ health: 'good', pauseText: null })
  })

  it.each(['amount=0', 'amount=1.5', 'currency=eur', 'language=latvian'])('refuse ?%s', async (query) => {
    expect((await hub.api('GET', `/v1/channels?${query}`)).status).toBe(422)
  })
})

describe('the feed of events', () => {
  it('gives every event once, each payment’s in order, to who asks page by page and later again', async () => {
    const start = (await get('/v1/events?limit=200')).cursor
    const { order: first } = await paidThrough(hub, 'swedbank-lv', 'pay')
    const { order: second } = await paidThrough(hub, 'sandbox', 'processing')
    await hub.clock.advance(HOUR_MS)
    const seen: ApiBody['events'][number][] = []
    let cursor = start
    for (let more = true, pages = 0; more && pages < 10; pages++) {
      const page = await get(`/v1/events?after=${cursor}&limit=2`)
      expect(page.events.length).toBeLessThanOrEqual(2)
      seen.push(...page.events)
      cursor = page.cursor
      more = page.more
    }
    const of = (id: string) => seen.filter(({ data }) => data.payment.id === id)
    expect(of(first.id).map(({ type }) => type)).toEqual(['payment.started', 'payment.executed'])
    expect(of(second.id).map(({ type }) => type)).toEqual(['payment.started', 'payment.accepted', 'payment.executed'])
    expect(of(second.id).map(({ sequence }) => sequence)).toEqual([1, 2, 3])
    expect(new Set(seen.map(({ id }) => id)).size).toBe(seen.length)
    const idle = await get(`/v1/events?after=${cursor}`)
    expect(idle).toMatchObject({ events: [], more: false })
    const { order: third } = await paidThrough(hub, 'swedbank-lv', 'cancel')
    const news = await get(`/v1/events?after=${idle.cursor}`)
    expect(news.events.map(({ data }) => data.payment.id)).toEqual([third.id, third.id])
  })

  it('tells what the notices told', async () => {
    const { cursor } = await get('/v1/events?limit=200')
    const { order } = await paidThrough(hub, 'swedbank-lv', 'pay')
    const { events } = await get(`/v1/events?after=${cursor}`)
    const notices = hub.notices.filter(({ notice }) => notice.data.payment.id === order.id)
    expect(events.map(({ type, sequence, data }) => ({ type, sequence, data }))).toEqual(
      notices.map(({ notice: { type, sequence, data } }) => ({ type, sequence, data })),
    )
    expect(events.map(({ id }) => id)).toEqual(notices.map(({ headers }) => headers['webhook-id']))
  })

  it.each(['after=nonsense', 'limit=0', 'limit=201'])('refuses ?%s', async (query) => {
    expect((await hub.api('GET', `/v1/events?${query}`)).status).toBe(422)
  })

  it('has a notice sent again, the same one', async () => {
    const { order } = await paidThrough(hub, 'swedbank-lv', 'pay')
    const sentOnce = hub.notices.filter(({ notice }) => notice.data.payment.id === order.id)
    const last = sentOnce.at(-1)
    const id = last?.headers['webhook-id']
    const { status, body } = await hub.api('POST', `/v1/events/${id}/redeliver`)
    expect([status, body]).toEqual([202, { queued: true }])
    await hub.settle()
    expect(noticesOf(hub, order.id)).toEqual(['payment.started', 'payment.executed', 'payment.executed'])
    const again = hub.notices.at(-1)
    expect(again?.headers['webhook-id']).toBe(id)
    expect(again?.body).toBe(last?.body)
  })

  it('has many notices sent again at once', async () => {
    await paidThrough(hub, 'swedbank-lv', 'pay')
    const { events } = await get('/v1/events?limit=200')
    const asked = await Promise.all(
      Array.from({ length: 40 }, (_, place) =>
        hub.api('POST', `/v1/events/${events[place % events.length]?.id}/redeliver`),
      ),
    )
    expect(asked.map(({ status }) => status)).toEqual(Array(40).fill(202))
    await hub.settle()
  })

  it('says so when there is nobody to send it to, and when there is no such event', async () => {
    const { key } = await hub.keyOf('kindergarten')
    const { body } = await hub.api(
      'POST',
      '/v1/payments',
      { reference: 'K-1', amount: 100, currency: 'EUR', description: 'Meals', returnUrl: `${hub.shopRoot}/` },
      { key },
    )
    await hub.api('POST', `/v1/payments/${body.id}/cancel`, undefined, { key })
    const [event] = (await hub.api('GET', '/v1/events', undefined, { key })).body.events
    const nobody = await hub.api('POST', `/v1/events/${event?.id}/redeliver`, undefined, { key })
    expect([nobody.status, nobody.body.code]).toEqual([409, 'no_notice_address'])
    for (const id of [`evt_${'0'.repeat(26)}`, 'evt_1', event?.id]) {
      // The last one is another e-service's.
      const nothing = await hub.api('POST', `/v1/events/${id}/redeliver`)
      expect([nothing.status, nothing.body.code]).toEqual([404, 'not_found'])
    }
  })

  it('keeps a notice that was refused until it is taken', async () => {
    hub.answerNotices(500)
    const { order } = await paidThrough(hub, 'swedbank-lv', 'pay')
    const tries = hub.notices.length
    hub.answerNotices(200)
    await hub.clock.advance(DAY_MS)
    await hub.settle()
    expect(hub.notices.length).toBeGreaterThan(tries)
    const sequences = hub.notices
      .filter(({ notice }) => notice.data.payment.id === order.id)
      .map(({ notice }) => notice.sequence)
    expect(sequences.at(-1)).toBe(2)
    expect(sequences.indexOf(2)).toBeGreaterThan(sequences.indexOf(1))
  })
})
