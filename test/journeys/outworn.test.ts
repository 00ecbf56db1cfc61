import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestHub, type TestHub } from '../support/hub.ts'
import { formsOf, submit, visit } from '../support/payer.ts'
import { decided, onward, ordered, truth } from '../support/story.ts'

/** A payer who begins again and again: told plainly when it is enough, and left a way. */

let hub: TestHub
beforeAll(async () => {
  hub = await startTestHub()
})
afterAll(() => hub.stop())

/** As often as one attempt's step is shown, and as many attempts as a payment has. */
const SHOWN = 50
const TRIED = 20

const choosing = (payUrl: string, offer: string) =>
  submit({ action: `${payUrl}/choose`, method: 'POST', fields: { offer, 'not-paid': 'yes' } })
const offersOn = (page: { readonly text: string; readonly url: string }): string => {
  const shown = [...page.text.matchAll(/name="offer" value="([^"]+)"/g)].map(([, offer]) => offer)
  return shown.join()
}

describe('one bank’s page opened too often', () => {
  it('is not opened again: the page says so, offers the others, and hears the money all the same', async () => {
    const order = await ordered(hub)
    for (let shown = 1; shown < SHOWN; shown++)
      expect((await choosing(order.payUrl, 'swedbank-lv')).page, String(shown)).toBe('going')
    await onward(hub, await choosing(order.payUrl, 'swedbank-lv'))
    const enough = await choosing(order.payUrl, 'swedbank-lv')
    expect([enough.status, enough.page]).toEqual([200, 'choose'])
    expect(enough.text).toMatch(/pārāk daudz reižu.*nemaksājiet vēlreiz/s)
    expect(offersOn(enough)).not.toContain('swedbank-lv')
    expect(offersOn(enough)).toContain('sandbox')
    expect((await truth(hub, order.id)).attempts).toHaveLength(1)
    await decided(hub, 'swedbank-lv', 'pay')
    expect(await truth(hub, order.id)).toMatchObject({ status: 'executed' })
  })

  it('where the order allows no other: says so without a word that no money moved, and leads back to the e-service', async () => {
    const order = await ordered(hub, { channel: 'swedbank-lv' })
    for (let shown = 1; shown <= SHOWN; shown++) expect((await visit(order.payUrl)).page, String(shown)).toBe('going')
    const enough = await visit(order.payUrl)
    expect([enough.status, enough.page, offersOn(enough)]).toEqual([200, 'choose', ''])
    expect(enough.text).toContain('pārāk daudz reižu')
    expect(enough.text).not.toContain('Nauda nav pārskaitīta')
    expect(enough.text).not.toContain('Šobrīd')
    expect(enough.text).not.toContain('izvēlieties citu')
    const leave = formsOf(enough).find(({ action }) => action.includes('/return'))
    expect(leave).toBeDefined()
    expect(await truth(hub, order.id)).toMatchObject({ status: 'started', closing: null })
  })
})

describe('a payment tried too often', () => {
  it('has no further try, and says where to begin anew', async () => {
    const order = await ordered(hub)
    for (let tried = 1; tried <= TRIED; tried++) {
      const going = await choosing(order.payUrl, tried % 2 === 0 ? 'seb-lv' : 'swedbank-lv')
      expect(going.page, String(tried)).toBe('going')
      if (tried === TRIED) await onward(hub, going)
    }
    await decided(hub, 'seb-lv', 'cancel')
    const enough = await choosing(order.payUrl, 'swedbank-lv')
    expect([enough.status, enough.page, offersOn(enough)]).toEqual([200, 'choose', ''])
    expect(enough.text).toContain('jaunu mēģinājumu sākt vairs nevar')
    expect(enough.text).not.toContain('Šobrīd')
    expect((await visit(`${order.payUrl}?choose=yes&lang=en`)).text).not.toContain('at the moment')
    expect((await truth(hub, order.id)).attempts).toHaveLength(TRIED)
  })
})
