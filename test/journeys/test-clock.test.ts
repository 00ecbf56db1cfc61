import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { DAY_MS, HOUR_MS, MINUTE_MS, parseInstant, SECOND_MS, toRfc3339 } from '../../src/kernel/time.ts'
import { paymentJobs } from '../../src/payments/index.ts'
import { duePanel } from '../../src/sandbox/clock-page.ts'
import { worldTexts } from '../../src/sandbox/texts.ts'
import { startTestHub, type TestHub } from '../support/hub.ts'
import { visit } from '../support/payer.ts'
import { chosen, orderAtBank, ordered, truth } from '../support/story.ts'

/** A tester moves the clock of the simulated banks over HTTP, and a hub that is at work by itself goes along. */

let hub: TestHub
beforeAll(async () => {
  hub = await startTestHub()
  await hub.composed.work()
})
afterAll(() => hub.stop())

const Shown = z.object({
  now: z.string(),
  aheadMs: z.number(),
  due: z.array(z.object({ at: z.string(), what: z.string(), about: z.string() })),
})

const world = (path: string, init?: RequestInit) => fetch(hub.world.root + path, { redirect: 'manual', ...init })
const clock = async () => Shown.parse(await (await world('/api/clock')).json())
const advance = (wanted: unknown) => world('/api/clock/advance', { method: 'POST', body: JSON.stringify(wanted) })
const moved = async (wanted: unknown) => Shown.parse(await (await advance(wanted)).json())

describe('a clock that a tester moves', () => {
  it('tells what happens next, goes there, and the order expires at its own time', async () => {
    const order = await ordered(hub, { expiresAt: toRfc3339(hub.clock.now() + HOUR_MS) })
    expect((await clock()).due).toContainEqual(expect.objectContaining({ what: 'payments.deadline', about: order.id }))
    await moved({ ms: HOUR_MS - MINUTE_MS })
    expect(await truth(hub, order.id)).toMatchObject({ status: 'open' })
    const { due } = await clock()
    const { now } = await moved({ to: 'next' })
    expect((parseInstant(now) ?? 0) - (parseInstant(due[0]?.at ?? '') ?? 0)).toBeLessThan(MINUTE_MS)
    expect(await truth(hub, order.id)).toMatchObject({ status: 'expired', final: true })
    expect((await visit(order.payUrl)).page).toBe('closed-expired')
  })

  it('lets the hub ask a bank whose every message was lost, at the times that the agreement names', async () => {
    const order = await ordered(hub)
    await chosen(hub, order.payUrl, 'sandbox')
    const begun = hub.clock.now()
    const { id } = orderAtBank(hub, 'sandbox')
    await world(`/api/orders/${id}/choose`, { method: 'POST', body: JSON.stringify({ choice: 'both_lost' }) })
    expect(await truth(hub, order.id)).toMatchObject({ status: 'started' })
    await moved({ ms: 5 * MINUTE_MS })
    const paid = await truth(hub, order.id)
    expect(paid).toMatchObject({ status: 'executed', paidAmount: 12_345 })
    // The first enquiry is due half a minute after the beginning: it was made then and not where the move ended.
    const told = z
      .array(z.object({ type: z.string(), at: z.string() }))
      .parse(paid.events)
      .at(-1)
    expect(told?.type).toBe('payment.executed')
    expect((parseInstant(told?.at ?? '') ?? 0) - begun).toBeLessThan(2 * MINUTE_MS)
  })

  it('repeats a notice by its ladder, each time with the time of its own sending', async () => {
    hub.answerNotices(500)
    const order = await ordered(hub, { expiresAt: toRfc3339(hub.clock.now() + 10 * MINUTE_MS) })
    await moved({ ms: HOUR_MS })
    const sent = hub.notices.filter(({ notice }) => notice.data.payment.id === order.id)
    const times = sent.map(({ headers }) => Number(headers['webhook-timestamp']) * SECOND_MS)
    const gaps = times.slice(1).map((time, place) => time - (times[place] ?? 0))
    const ladder = [5 * SECOND_MS, MINUTE_MS, 5 * MINUTE_MS, 30 * MINUTE_MS]
    expect(gaps).toHaveLength(ladder.length)
    for (const [place, rung] of ladder.entries()) {
      // Up to a tenth less by jitter, and whole seconds on the wire.
      expect(gaps[place]).toBeGreaterThan(rung * 0.9 - SECOND_MS)
      expect(gaps[place]).toBeLessThan(rung + 2 * SECOND_MS)
    }
    expect(new Set(sent.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
    hub.answerNotices(200)
    await moved({ ms: DAY_MS })
    const after = hub.notices.filter(({ notice }) => notice.data.payment.id === order.id)
    expect(after).toHaveLength(sent.length + 1)
  })

  it('never goes back and never further than one step reaches', async () => {
    const before = hub.clock.now()
    for (const wanted of [{ ms: -1 }, { ms: 0 }, { ms: 31 * DAY_MS + 1 }, { to: 'yesterday' }, {}, 'PT1H']) {
      expect((await advance(wanted)).status, JSON.stringify(wanted)).toBe(422)
    }
    expect(hub.clock.now() - before).toBeLessThan(MINUTE_MS)
  })

  it('does not make the hub think that the database is off: jobs run and the hub is ready', async () => {
    expect((await clock()).aheadMs).toBeGreaterThan(DAY_MS)
    expect((await fetch(`${hub.root}/readyz`)).status).toBe(200)
    // Nothing is moved: the worker itself must take what falls due by the moved clock.
    const order = await ordered(hub, { expiresAt: toRfc3339(hub.clock.now() + SECOND_MS) })
    await expect.poll(async () => (await truth(hub, order.id)).status, { timeout: 10_000 }).toBe('expired')
  })
})

describe('the page where a tester moves time', () => {
  it('has words for everything that the hub does by itself', () => {
    const kinds = paymentJobs(hub.composed.hub, hub.composed.tokens).filter((handler) => !handler.housekeeping)
    expect(kinds.length).toBeGreaterThan(3)
    for (const language of ['lv', 'en'] as const)
      for (const { kind } of kinds) {
        const due = [{ at: hub.clock.now(), what: kind, about: 'pay_1' }]
        const panel = String(duePanel({ language, now: hub.clock.now(), due }, worldTexts[language]))
        expect(panel).toContain('pay_1')
        expect(panel, language).not.toContain(kind)
      }
  })

  const post = (form: Readonly<Record<string, string>>, language: string) =>
    world(`/clock?lang=${language}`, { method: 'POST', body: new URLSearchParams(form) })

  it.each<[language: 'lv' | 'en', title: string, what: string]>([
    ['en', 'What happens next by itself', 'the hub asks the bank, ends an attempt or closes the payment'],
    ['lv', 'Kas notiks pats no sevis', 'maksājumu centrs pajautā bankai, beidz mēģinājumu vai slēdz maksājumu'],
  ])('shows in %s what comes next and goes there without a script', async (language, title, what) => {
    const order = await ordered(hub, { expiresAt: toRfc3339(hub.clock.now() + 20 * MINUTE_MS) })
    const page = await (await world(`/clock?lang=${language}`)).text()
    expect(page.match(new RegExp(`<h\\d>${worldTexts[language].clock}`, 'g'))).toEqual([
      `<h1>${worldTexts[language].clock}`,
    ])
    expect(page).toContain(`<html lang="${language}">`)
    expect(page).toContain(title)
    expect(page).toContain(what)
    expect(page).toContain(order.id)
    expect(page).not.toContain('<script')
    const before = hub.clock.now()
    const answer = await post({ ms: String(HOUR_MS) }, language)
    expect([answer.status, answer.headers.get('location')]).toEqual([303, `/clock?lang=${language}`])
    expect(hub.clock.now() - before).toBeGreaterThanOrEqual(HOUR_MS)
    expect(await truth(hub, order.id)).toMatchObject({ status: 'expired' })
    expect((await post({ ms: '-5' }, language)).status).toBe(422)
  })

  it('goes to the next thing, and says so when there is none', async () => {
    const order = await ordered(hub, { expiresAt: toRfc3339(hub.clock.now() + 20 * MINUTE_MS) })
    expect((await post({ to: 'next' }, 'en')).status).toBe(303)
    expect(await truth(hub, order.id)).toMatchObject({ status: 'expired' })
    const page = await post({ to: 'next' }, 'en')
    expect(page.status).toBe(422)
    expect(await page.text()).toContain('Nothing waits for its time within the next 31 days.')
    expect((await advance({ to: 'next' })).status).toBe(409)
  })
})
