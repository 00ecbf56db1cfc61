import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DAY_MS, HOUR_MS } from '../../src/kernel/time.ts'
import { enquire } from '../../src/payments/enquire.ts'
import { bankNotice, keptMessages, sendNotice } from '../support/bank-notice.ts'
import { startTestHub, type TestHub } from '../support/hub.ts'
import { submit, type Visit, visit } from '../support/payer.ts'
import { chosen, decided, noticesOf, orderAtBank, ordered, truth } from '../support/story.ts'

/** A bank that is called and does not do as it should: the page is honest, and the state is what is known. */

/** A bank that is asked every minute for days makes thousands of questions; here it is asked every hour. */
const askedHourly = (text: string): string =>
  text.replaceAll(
    'payableForMinutes: 15 }',
    'payableForMinutes: 15, askAfterSeconds: { begun: 30, returned: 2, asked: [5, 3600] } }',
  )

let hub: TestHub
beforeAll(async () => {
  hub = await startTestHub({ file: askedHourly })
})
afterAll(() => hub.stop())

/** A slow or silent bank answers, or is given up, when the clock gets there: it is moved until the payer has a page. */
const whileTimePasses = async (visiting: Promise<Visit>): Promise<Visit> => {
  let over = false
  const seen = visiting.finally(() => {
    over = true
  })
  while (!over) {
    await hub.clock.advance(1_000)
    await new Promise((resolve) => setImmediate(resolve))
  }
  return seen
}

const bankAnswers = (calls: string) =>
  fetch(`${hub.world.root}/sandbox/switch`, { method: 'PUT', body: JSON.stringify({ calls }) })

const amountEnding = (ending: number): number => 12_300 + ending

describe('a bank that fails at the call that begins (by the amount’s ending)', () => {
  it.each([
    { ending: 90, what: 'HTTP 500, nothing booked' },
    { ending: 91, what: 'HTTP 500, booked all the same' },
    { ending: 95, what: 'turned down' },
    { ending: 96, what: 'HTTP 200 and nonsense' },
  ])('$what: the payer may go elsewhere at once, and no money is lost', async ({ ending }) => {
    const order = await ordered(hub, { amount: amountEnding(ending) })
    expect((await chosen(hub, order.payUrl, 'sandbox')).page).toBe('not-paid')
    await hub.settle()
    const now = await truth(hub, order.id)
    expect(now).toMatchObject({ status: 'open', attempts: [{ status: 'refused', reason: 'not_begun' }] })
    await chosen(hub, order.payUrl, 'swedbank-lv')
    await decided(hub, 'swedbank-lv', 'pay')
    await hub.clock.advance(HOUR_MS)
    const after = await truth(hub, order.id)
    expect(after).toMatchObject({ status: 'executed', paidAmount: amountEnding(ending), attention: [] })
    expect(after.attempts.map(({ status }) => status)).toEqual(['refused', 'executed'])
  })

  it('answers slowly: the payer waits and gets there', async () => {
    const order = await ordered(hub, { amount: amountEnding(92) })
    const going = await whileTimePasses(chosen(hub, order.payUrl, 'sandbox'))
    expect(going.url).toContain(hub.world.root)
    expect(await truth(hub, order.id)).toMatchObject({ status: 'started' })
    await decided(hub, 'sandbox', 'pay')
    expect(await truth(hub, order.id)).toMatchObject({ status: 'executed' })
  })

  it.each(['failing', 'turning_down'])(
    'is %s for everybody: the page says so and does not call it again by itself',
    async (mood) => {
      await bankAnswers(mood)
      const order = await ordered(hub, { channel: 'sandbox', attempts: 'many' })
      const page = await visit(order.payUrl)
      expect([page.status, page.page]).toEqual([200, 'not-paid'])
      await bankAnswers('well')
      expect((await visit(order.payUrl)).page).toBe('not-paid')
      await hub.settle()
      expect(noticesOf(hub, order.id)).toEqual(['payment.started', 'payment.open'])
    },
  )
})

describe('a bank that keeps silent', () => {
  it('while it begins: after ten seconds the payer is told, and may go elsewhere, booked or not', async () => {
    const orders = await Promise.all([93, 94].map((ending) => ordered(hub, { amount: amountEnding(ending) })))
    const pages = await Promise.all(orders.map(({ payUrl }) => chosen(hub, payUrl, 'sandbox')))
    expect(pages.map(({ page }) => page)).toEqual(['not-paid', 'not-paid'])
    for (const { id } of orders)
      expect(await truth(hub, id)).toMatchObject({ status: 'open', attempts: [{ reason: 'not_begun' }] })
  })

  it('while it is asked: it is asked again and again, and then a person is', async () => {
    const order = await ordered(hub)
    await chosen(hub, order.payUrl, 'sandbox')
    const back = `${hub.root}/psp/sandbox/liepkalni-sandbox/${(await truth(hub, order.id)).attempts[0]?.id}/back`
    await bankAnswers('failing')
    expect((await visit(back)).page).toBe('processing-asking')
    await hub.clock.advance(HOUR_MS)
    expect(await truth(hub, order.id)).toMatchObject({ status: 'started', final: false, attention: [] })
    await hub.clock.advance(2 * DAY_MS)
    expect(await truth(hub, order.id)).toMatchObject({ attention: ['stuck'] })
    await bankAnswers('well')
  })
})

/** As after a start with another master key: what was sealed does not open. */
describe('an agreement that cannot be used', () => {
  it('is not begun: the payer may choose another bank; the hub that can use it goes on', async () => {
    const other = await hub.beside({ masterKey: new Uint8Array(32) })
    const order = await ordered(hub)
    const at = order.payUrl.replace(hub.root, other.root)
    const page = await submit({ action: `${at}/choose`, method: 'POST', fields: { offer: 'swedbank-lv' } })
    expect([page.status, page.page]).toEqual([422, 'choose'])
    expect((await truth(hub, order.id)).attempts).toEqual([])
    await chosen(hub, order.payUrl, 'swedbank-lv')
    expect(await truth(hub, order.id)).toMatchObject({ status: 'started' })
    await other.stop()
  })

  it('is asked about in vain, instead of holding up the other attempts of the payment for ever', async () => {
    const order = await ordered(hub)
    await chosen(hub, order.payUrl, 'sandbox')
    const { attempts } = await truth(hub, order.id)
    const other = await hub.beside({ masterKey: new Uint8Array(32) })
    expect(await enquire(other.composed.hub, 'liepkalni', order.id, attempts[0]?.id ?? '')).toBe('no_answer')
    await other.stop()
    expect(await enquire(hub.composed.hub, 'liepkalni', order.id, attempts[0]?.id ?? '')).toBe('answered')
  })

  it('loses nothing that the bank says: it is kept, and the bank is asked to say it again', async () => {
    const order = await ordered(hub)
    await chosen(hub, order.payUrl, 'sandbox')
    const { number } = orderAtBank(hub, 'sandbox')
    const notice = bankNotice(hub, { number, reference: order.reference })
    const other = await hub.beside({ masterKey: new Uint8Array(32) })
    expect((await sendNotice({ ...hub, root: other.root }, notice)).status).toBe(503)
    expect((await keptMessages(hub)).at(-1)).toMatchObject({ verdict: 'fault', purpose: 'notice' })
    expect(await truth(hub, order.id)).toMatchObject({ status: 'started' })
    await other.stop()
    expect((await sendNotice(hub, notice)).status).toBe(200)
    expect(await truth(hub, order.id)).toMatchObject({ status: 'executed' })
  })
})
