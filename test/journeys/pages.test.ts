import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { HOUR_MS } from '../../src/kernel/time.ts'
import { startTestHub, type TestHub } from '../support/hub.ts'
import { type Form, formsOf, submit, visit } from '../support/payer.ts'
import { chosen, decided, onward, orderAtBank, ordered, paidThrough, truth } from '../support/story.ts'

let hub: TestHub
beforeAll(async () => {
  hub = await startTestHub()
})
afterAll(() => hub.stop())

const choosing = (payUrl: string, fields: Readonly<Record<string, string>>): Form => ({
  action: `${payUrl}/choose`,
  method: 'POST',
  fields,
})
const attemptsOf = async (id: string) =>
  (await truth(hub, id)).attempts.map(({ offer, status }) => `${offer} ${status}`)

describe('the e-service has chosen the bank (way a)', () => {
  it('payUrl leads to a bank link’s form, again and again until the payer came back, with one attempt', async () => {
    const order = await ordered(hub, { channel: 'swedbank-lv' })
    for (let times = 0; times < 3; times++) {
      const going = await visit(order.payUrl)
      expect(going.page).toBe('going')
      const [form] = formsOf(going).filter((one) => one.action.startsWith(hub.world.root))
      expect(form?.fields).toMatchObject({ VK_SERVICE: '1012', VK_AMOUNT: '123.45', VK_CURR: 'EUR' })
    }
    expect(await attemptsOf(order.id)).toEqual(['swedbank-lv started'])
    await onward(hub, await visit(order.payUrl))
    expect((await decided(hub, 'swedbank-lv', 'pay'))?.page).toBe('paid')
    expect((await visit(order.payUrl)).page).toBe('paid')
  })

  it('payUrl redirects straight to a bank that names its own address, the same one again', async () => {
    const order = await ordered(hub, { channel: 'sandbox' })
    const answers = [
      await fetch(order.payUrl, { redirect: 'manual' }),
      await fetch(order.payUrl, { redirect: 'manual' }),
    ]
    expect(answers.map(({ status }) => status)).toEqual([303, 303])
    const [first, again] = answers.map(({ headers }) => headers.get('location'))
    expect(first).toMatch(new RegExp(`^${hub.world.root}/sandbox/pay/`))
    expect(again).toBe(first)
    expect(await attemptsOf(order.id)).toEqual(['sandbox started'])
  })

  it('a refusal ends it, as one attempt is allowed', async () => {
    const { order, back } = await paidThroughStraight('sandbox', 'decline')
    expect(back?.page).toBe('not-paid')
    expect(await truth(hub, order.id)).toMatchObject({ status: 'refused', final: true })
    expect((await visit(order.payUrl)).page).toBe('not-paid')
    expect((await submit(choosing(order.payUrl, { offer: 'swedbank-lv' }))).page).toBe('not-paid')
    expect(await attemptsOf(order.id)).toEqual(['sandbox refused'])
  })

  it('with many attempts the e-service’s own page may send the payer elsewhere', async () => {
    const { order } = await paidThroughStraight('sandbox', 'decline', { attempts: 'many' })
    const going = await visit(`${order.payUrl}?channel=swedbank-lv`)
    expect(going.page).toBe('going')
    await onward(hub, going)
    await decided(hub, 'swedbank-lv', 'pay')
    expect(await attemptsOf(order.id)).toEqual(['sandbox refused', 'swedbank-lv executed'])
  })

  const paidThroughStraight = async (channel: string, choice: string, more = {}) => {
    const order = await ordered(hub, { channel, ...more })
    await onward(hub, await visit(order.payUrl))
    return { order, back: await decided(hub, channel, choice) }
  }
})

describe('the payer chooses on the hub’s page (way b)', () => {
  it('sees who is paid, for what, how much, and the banks in the merchant’s order', async () => {
    const order = await ordered(hub)
    const { text, status } = await visit(`${order.payUrl}?lang=en`)
    expect(status).toBe(200)
    for (const word of [
      'Liepkalni Municipality',
      'Property tax 2026',
      '123.45',
      order.reference,
      'Swedbank',
      'Sandbox bank',
    ])
      expect(text).toContain(word)
    expect(text.indexOf('value="swedbank-lv"')).toBeLessThan(text.indexOf('value="sandbox"'))
  })

  it('reads it in the language of the order or the one asked for, and in no language the e-service does not speak', async () => {
    const order = await ordered(hub, { language: 'en' })
    const langOf = async (query: string) =>
      /<html[^>]*\blang="(\w+)"/.exec((await visit(order.payUrl + query)).text)?.[1]
    expect(await langOf('')).toBe('en')
    expect(await langOf('?lang=lv')).toBe('lv')
    expect(await langOf('?lang=et')).toBe('en')
    expect(await langOf('?lang=%3Cscript%3E')).toBe('en')
  })

  it('stays in the language through the choice, the bank’s page and back', async () => {
    const order = await ordered(hub)
    const page = await visit(`${order.payUrl}?lang=en`)
    const form = formsOf(page).find((one) => one.action.includes('/choose'))
    expect(form?.action).toContain('lang=en')
    const none = await submit({ ...choosing(order.payUrl, {}), ...form })
    expect([none.status, none.page]).toEqual([422, 'choose'])
    expect(none.text).toContain('lang="en"')
  })

  it.each([
    { says: 'nothing', fields: {}, status: 422, page: 'choose' },
    { says: 'a bank that there is not', fields: { offer: 'moon-bank' }, status: 422, page: 'choose' },
  ])('who chose $says may choose again', async ({ fields, status, page }) => {
    const order = await ordered(hub)
    const answer = await submit(choosing(order.payUrl, fields))
    expect([answer.status, answer.page]).toEqual([status, page])
    expect(await attemptsOf(order.id)).toEqual([])
  })

  it('cannot choose what the order does not offer, nor what is paused; the page says until when', async () => {
    const order = await ordered(hub, { channels: ['sandbox'] })
    expect((await submit(choosing(order.payUrl, { offer: 'swedbank-lv' }))).status).toBe(422)
    const from = hub.clock.now()
    const text = { lv: 'Banka veic uzlabojumus.', en: 'The bank is being improved.' }
    await hub.composed.merchants.announcePause('liepkalni-sandbox', { from, to: from + HOUR_MS, text })
    expect((await visit(`${order.payUrl}?lang=en`)).text).toContain('The bank is being improved.')
    expect((await submit(choosing(order.payUrl, { offer: 'sandbox' }))).status).toBe(422)
    expect(await attemptsOf(order.id)).toEqual([])
    await hub.clock.advance(HOUR_MS)
    await submit(choosing(order.payUrl, { offer: 'sandbox' }))
    expect(await attemptsOf(order.id)).toEqual(['sandbox started'])
  })

  it('finds the bank of last time first', async () => {
    const order = await ordered(hub)
    const answer = await fetch(`${order.payUrl}/choose`, {
      method: 'POST',
      redirect: 'manual',
      body: new URLSearchParams({ offer: 'sandbox' }),
    })
    const cookie = answer.headers.get('set-cookie') ?? ''
    expect(cookie).toMatch(/^last_offer=sandbox; .*Path=\/pay; HttpOnly; SameSite=Lax$/)
    const next = await ordered(hub)
    const { text } = await visit(next.payUrl, { headers: { cookie: cookie.split(';')[0] ?? '' } })
    expect(text.indexOf('value="sandbox"')).toBeLessThan(text.indexOf('value="swedbank-lv"'))
    const odd = await visit(next.payUrl, { headers: { cookie: 'last_offer=%22%3E%3Cscript%3E' } })
    expect(odd.text).not.toContain('"><script>')
  })
})

describe('two windows', () => {
  it.each([
    { fields: { offer: 'swedbank-lv' } },
    { fields: { offer: 'moon-bank' } },
    { fields: {} },
    { fields: { offer: 'sandbox', 'not-paid': 'yes' } },
  ])('of which one has paid: the other one sees so, whatever it chooses: $fields', async ({ fields }) => {
    const { order } = await paidThrough(hub, 'sandbox', 'pay')
    const answer = await submit(choosing(order.payUrl, { ...fields }))
    expect([answer.status, answer.page]).toEqual([200, 'paid'])
    expect((await visit(`${order.payUrl}?channel=moon-bank`)).page).toBe('paid')
    expect(await attemptsOf(order.id)).toEqual(['sandbox executed'])
  })

  it('that choose the same bank share one attempt', async () => {
    const order = await ordered(hub)
    const pages = await Promise.all([1, 2, 3].map(() => submit(choosing(order.payUrl, { offer: 'swedbank-lv' }))))
    expect(pages.map(({ page }) => page)).toContain('going')
    expect(await attemptsOf(order.id)).toEqual(['swedbank-lv started'])
  })

  it('that choose two banks: the second one is asked to confirm, and is led on after the plain word', async () => {
    const order = await ordered(hub)
    await chosen(hub, order.payUrl, 'swedbank-lv')
    const second = await submit(choosing(order.payUrl, { offer: 'sandbox' }))
    expect(second.page).toBe('confirm')
    expect(await attemptsOf(order.id)).toEqual(['swedbank-lv started'])
    const forms = formsOf(second).filter((one) => one.action.includes('/choose'))
    const sure = forms.find((one) => one.fields['not-paid'] === 'yes')
    if (!sure) throw new Error(second.text)
    expect(sure.fields.offer).toBe('sandbox')
    await submit(sure)
    expect(await attemptsOf(order.id)).toEqual(['swedbank-lv started', 'sandbox started'])
  })

  it('money at the bank that was left still counts, and twice paid is told', async () => {
    const order = await ordered(hub)
    await chosen(hub, order.payUrl, 'swedbank-lv')
    await submit(choosing(order.payUrl, { offer: 'sandbox', 'not-paid': 'yes' }))
    await decided(hub, 'swedbank-lv', 'pay')
    expect(await truth(hub, order.id)).toMatchObject({ status: 'executed', paidAmount: 12_345 })
    await decided(hub, 'sandbox', 'pay')
    expect(await truth(hub, order.id)).toMatchObject({ attention: ['paid_twice'], paidAmount: 24_690 })
  })

  it('a bank that can be asked is asked first, so that nobody is asked to confirm what can be known', async () => {
    const order = await ordered(hub)
    await chosen(hub, order.payUrl, 'sandbox')
    await decided(hub, 'sandbox', 'both_lost')
    expect(await truth(hub, order.id)).toMatchObject({ status: 'started' })
    expect((await submit(choosing(order.payUrl, { offer: 'swedbank-lv' }))).page).toBe('paid')
    expect(await attemptsOf(order.id)).toEqual(['sandbox executed'])
  })

  it('nothing begins beside what a bank has taken for processing', async () => {
    const { order } = await paidThrough(hub, 'sandbox', 'processing')
    const answer = await submit(choosing(order.payUrl, { offer: 'swedbank-lv', 'not-paid': 'yes' }))
    expect(answer.page).toBe('processing-taken')
    expect(await attemptsOf(order.id)).toEqual(['sandbox accepted'])
  })
})

describe('back from the bank', () => {
  it('works as a cross-site POST with neither cookie nor Origin, and with any', async () => {
    for (const headers of [
      {},
      { origin: 'null' },
      { origin: 'https://bank.example', 'sec-fetch-site': 'cross-site' },
    ]) {
      const order = await ordered(hub)
      await chosen(hub, order.payUrl, 'swedbank-lv')
      const answer = await hub.world.choose('swedbank-lv', orderAtBank(hub, 'swedbank-lv').id, 'notice_lost')
      if (answer.kind !== 'carry') throw new Error(answer.kind)
      expect(answer.method).toBe('POST')
      const body = new URLSearchParams(answer.fields.map(([name, value]): [string, string] => [name, value]))
      const back = await fetch(answer.url, { method: 'POST', body, headers, redirect: 'manual' })
      expect([back.status, back.headers.get('set-cookie')]).toEqual([303, null])
      expect(await truth(hub, order.id)).toMatchObject({ status: 'executed' })
      expect((await visit(back.headers.get('location') ?? '')).page).toBe('paid')
    }
  })

  it('the receipt is there once it is paid, and not before', async () => {
    const open = await ordered(hub)
    expect((await visit(`${open.payUrl}/receipt`)).page).toBe('choose')
    const { order } = await paidThrough(hub, 'swedbank-lv', 'pay')
    const receipt = await visit(`${order.payUrl}/receipt?lang=en`)
    expect(receipt.page).toBe('receipt')
    for (const word of [/LV07\sHABA\s0000\s0000\s0000\s1/, /123\.45/, new RegExp(order.reference)])
      expect(receipt.text).toMatch(word)
    // The bank was told the Latvian name; the reader of an English page gets the English one, as on the page before.
    expect(receipt.text).toContain('Liepkalni Municipality')
    expect(receipt.text).not.toContain('Liepkalnu novada pašvaldība')
    expect((await visit(`${order.payUrl}/receipt?lang=lv`)).text).toContain('Liepkalnu novada pašvaldība')
  })
})

describe('an address that leads nowhere', () => {
  it.each(['/pay/', `/pay/${'0'.repeat(32)}`, '/pay/x', '/nothing', '/psp/swedbank-lv/nobody/back', '/psp/x'])(
    '%s shows a page with a number to quote',
    async (path) => {
      const page = await visit(`${hub.root}${path}`)
      expect([page.status, page.page]).toEqual([404, 'problem-not_found'])
      const number = (await fetch(hub.root + path)).headers.get('x-request-id') ?? ''
      expect(number).toMatch(/^(?:[0-9A-Z]{4}-){3}[0-9A-Z]$/)
      expect((await visit(`${hub.root}${path}?lang=en`)).text).toContain('lang="en"')
    },
  )

  it('nor does a post to a payment that there is not', async () => {
    const none = `${hub.root}/pay/${'0'.repeat(32)}`
    expect((await submit(choosing(none, { offer: 'sandbox' }))).status).toBe(404)
    expect((await submit({ action: `${none}/return`, method: 'POST', fields: {} })).status).toBe(404)
  })
})

describe('every answer', () => {
  it.each([
    { what: 'the choice', path: async () => (await ordered(hub)).payUrl },
    { what: 'the way to the bank', path: async () => (await ordered(hub, { channel: 'swedbank-lv' })).payUrl },
    { what: 'the receipt', path: async () => `${(await paidThrough(hub, 'swedbank-lv', 'pay')).order.payUrl}/receipt` },
    { what: 'a page that is not there', path: async () => `${hub.root}/nowhere` },
    { what: 'the API', path: async () => `${hub.root}/v1/payments` },
  ])('carries its protection: $what', async ({ path }) => {
    const { headers } = await fetch(await path(), { redirect: 'manual' })
    const policy = headers.get('content-security-policy') ?? ''
    for (const rule of [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "frame-ancestors 'none'",
      "base-uri 'none'",
    ])
      expect(policy).toContain(rule)
    expect(policy).toMatch(/form-action 'self' https:/)
    expect(policy).not.toContain('unsafe')
    expect(headers.get('referrer-policy')).toBe('no-referrer')
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('x-frame-options')).toBe('DENY')
  })

  it('keeps pages out of caches, and files in them for ever', async () => {
    const order = await ordered(hub)
    const page = await fetch(order.payUrl)
    expect(page.headers.get('cache-control')).toBe('no-store')
    const files = [...(await page.text()).matchAll(/(?:href|src)="(\/(?:assets|look)\/[^"]+)"/g)].map(
      ([, path]) => path,
    )
    expect(files.length).toBeGreaterThanOrEqual(5)
    for (const path of files) {
      const file = await fetch(hub.root + path)
      const hashed = /-[0-9a-f]{10,16}\./.test(path ?? '')
      expect(file.status, path).toBe(200)
      expect(file.headers.get('cache-control'), path).toMatch(hashed ? /immutable/ : /max-age=3600/)
    }
  })
})
