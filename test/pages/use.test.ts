import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launchBrowser, openPage } from './browser.ts'
import { type GalleryServer, serveGallery } from './server.ts'

/** What payers do on the pages: with a keyboard, without scripts, with the browser's own buttons. */

const MAX_FIRST_LOAD_BYTES = 60_000

let server: GalleryServer
let browser: Browser
beforeAll(async () => {
  server = await serveGallery()
  browser = await launchBrowser()
})
afterAll(async () => {
  await browser.close()
  await server.close()
})

const latest = () => server.posted.at(-1)
const focused =
  '(document.activeElement.innerText || document.activeElement.value || document.activeElement.tagName).trim()'

describe('choosing a bank', () => {
  it('takes a keyboard only: past the bar, arrows among the banks, enter', async () => {
    const { page } = await openPage(browser)
    await page.goto(`${server.url}/liepkalni/en/choose`)
    const met: unknown[] = []
    for (let press = 0; press < 3; press++) {
      await page.keyboard.press('Tab')
      met.push(await page.evaluate(focused))
    }
    expect(met).toEqual(['Skip to the content', 'Latviešu', 'kaska'])
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await page.waitForURL('**/choose?lang=en')
    expect(latest()).toEqual({ path: '/pay/4f8kq2m7/choose?lang=en', body: 'offer=upe' })
    await page.context().close()
  })

  it('lets the skip link jump over the bar', async () => {
    const { page } = await openPage(browser)
    await page.goto(`${server.url}/liepkalni/en/choose`)
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    expect(await page.evaluate('document.activeElement.id')).toBe('content')
    await page.context().close()
  })

  it('moves to what is wrong, and from there to the first bank that can be chosen', async () => {
    const { page } = await openPage(browser)
    await page.goto(`${server.url}/liepkalni/en/choose-nothing`)
    expect(await page.evaluate('document.activeElement.className')).toBe('govuk-error-summary')
    expect(await page.title()).toMatch(/^Error: /)
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    expect(await page.evaluate('document.activeElement.value')).toBe('kaska')
    await page.context().close()
  })

  it('answers to a tap anywhere on a tile, its note too, without scripts', async () => {
    const { page } = await openPage(browser, { scripts: false })
    await page.goto(`${server.url}/liepkalni/lv/choose-troubled`)
    const note = await page.getByText('Šobrīd iespējami traucējumi').boundingBox()
    await page.mouse.click(note?.x ?? 0, note?.y ?? 0)
    await page.getByRole('button', { name: 'Turpināt', exact: true }).click()
    expect(latest()?.body).toBe('offer=upe')
    await page.context().close()
  })

  it('does not let a paused bank be chosen', async () => {
    const { page } = await openPage(browser, { scripts: false })
    await page.goto(`${server.url}/liepkalni/lv/choose-troubled`)
    expect(await page.getByRole('radio', { name: 'Kaskbanka' }).isDisabled()).toBe(true)
    await page.context().close()
  })

  it('goes on with the last choice in one tap', async () => {
    const { page } = await openPage(browser, { scripts: false })
    await page.goto(`${server.url}/liepkalni/lv/choose-last`)
    await page.getByRole('button', { name: 'Turpināt: Dzintara banka' }).click()
    expect(latest()?.body).toBe('offer=dzintars')
    await page.context().close()
  })

  it('goes to a second bank only on the plain word that the first was not paid', async () => {
    const { page } = await openPage(browser, { scripts: false })
    await page.goto(`${server.url}/liepkalni/en/confirm`)
    await page.getByRole('button', { name: 'I have not paid there. Continue with Dzintara banka' }).click()
    expect(latest()?.body).toBe('offer=dzintars&not-paid=yes')
    await page.goto(`${server.url}/liepkalni/en/confirm`)
    await page.getByRole('button', { name: 'Go back to Kaskbanka and finish' }).click()
    expect(latest()?.body).toBe('offer=kaska')
    await page.context().close()
  })
})

describe('going to the bank', () => {
  const fields = {
    VK_SERVICE: '1012',
    VK_MSG: 'Nodoklis "2026" <LV> & ķēde',
    submit: 'a field that hides the form’s own',
  }

  it('posts itself where scripts run, and not again when the payer steps back', async () => {
    const { page, complaints } = await openPage(browser)
    await page.goto(`${server.url}/liepkalni/lv/choose`)
    await page.goto(`${server.url}/liepkalni/lv/going-form`)
    await page.waitForURL('**/bank')
    expect(Object.fromEntries(new URLSearchParams(latest()?.body))).toEqual(fields)
    const before = server.posted.length
    await page.goBack()
    await page.waitForLoadState('load')
    expect(page.url()).not.toContain('/bank')
    expect(server.posted.length).toBe(before)
    expect(complaints).toEqual([])
    await page.context().close()
  })

  it('has a button where they do not', async () => {
    const { page } = await openPage(browser, { scripts: false })
    await page.goto(`${server.url}/liepkalni/lv/going-form`)
    await page.getByRole('button', { name: 'Turpināt: Kaskbanka' }).click()
    await page.waitForURL('**/bank')
    expect(Object.fromEntries(new URLSearchParams(latest()?.body))).toEqual(fields)
    await page.context().close()
  })

  it('follows a link of the bank', async () => {
    const { page } = await openPage(browser)
    await page.goto(`${server.url}/liepkalni/lv/going-redirect`)
    await page.waitForURL('**/bank?id=1&x=%3C2%3E')
    await page.context().close()
  })
})

describe('a payment that is being processed', () => {
  it('becomes the page of its result by itself', async () => {
    server.showAtPay('/liepkalni/lv/paid')
    const { page } = await openPage(browser)
    await page.goto(`${server.url}/liepkalni/lv/processing-asking`)
    await page.getByRole('heading', { name: 'Samaksāts: 125,40' }).waitFor({ timeout: 15_000 })
    await page.context().close()
  })

  it('reloads without scripts too, unless the payer stopped it', async () => {
    const { page } = await openPage(browser, { scripts: false })
    const refresh = page.locator('meta[http-equiv=refresh]')
    await page.goto(`${server.url}/liepkalni/lv/processing-asking`)
    expect(await refresh.getAttribute('content')).toBe('15; url=/pay/4f8kq2m7?back=yes&lang=lv')
    expect(await page.getByRole('link', { name: 'Neatjaunot' }).getAttribute('href')).toContain('refresh=off')
    await page.goto(`${server.url}/liepkalni/lv/processing-still`)
    expect(await refresh.count()).toBe(0)
    await page.context().close()
  })
})

describe('the first load', () => {
  it.each(['liepkalni/lv/choose-last', 'dzelmes/lv/choose-troubled'])('of %s stays under 60 kB', async (path) => {
    server.sent.clear()
    const { page } = await openPage(browser)
    await page.goto(`${server.url}/${path}`, { waitUntil: 'networkidle' })
    const bytes = [...server.sent.values()].reduce((sum, size) => sum + size, 0)
    expect([...server.sent.keys()].some((name) => name.endsWith('.css'))).toBe(true)
    expect(bytes).toBeLessThan(MAX_FIRST_LOAD_BYTES)
    await page.context().close()
  })
})
