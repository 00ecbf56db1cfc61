import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestHub, type TestHub } from '../support/hub.ts'
import { chosen, orderAtBank, ordered, paidThrough } from '../support/story.ts'
import { launchBrowser, openPage } from './browser.ts'
import { faultsOf, widthFaultsOf } from './faults.ts'

/** The testers' pages of the simulated banks: testers use keyboards, screen readers and telephones too. */

const SLOW_MS = 120_000

let hub: TestHub
let browser: Browser
beforeAll(async () => {
  hub = await startTestHub()
  await paidThrough(hub, 'swedbank-lv', 'pay')
  const order = await ordered(hub)
  await chosen(hub, order.payUrl, 'sandbox')
  browser = await launchBrowser()
})
afterAll(async () => {
  await browser.close()
  await hub.stop()
})

describe.each(['lv', 'en'])('the testers’ pages in %s', (language) => {
  it('give axe nothing to find, break no policy, never scroll sideways', { timeout: SLOW_MS }, async () => {
    const { page, complaints } = await openPage(browser)
    const faults: string[] = []
    for (const path of ['/', '/clock', `/orders/sandbox/${orderAtBank(hub, 'sandbox').id}`, '/nothing']) {
      await page.setViewportSize({ width: 390, height: 844 })
      await page.goto(`${hub.world.root}${path}?lang=${language}`)
      for (const fault of [...(await faultsOf(page)), ...(await widthFaultsOf(page))]) faults.push(`${path}: ${fault}`)
    }
    expect(faults).toEqual([])
    expect(complaints.filter((one) => !one.includes('404'))).toEqual([])
    await page.context().close()
  })

  it('move time by keyboard alone, without a script', { timeout: SLOW_MS }, async () => {
    const { page } = await openPage(browser, { scripts: false })
    await page.goto(`${hub.world.root}/clock?lang=${language}`)
    const before = hub.clock.now()
    await page.locator('button[value="3600000"]').focus()
    await Promise.all([page.waitForResponse((answer) => answer.status() === 303), page.keyboard.press('Enter')])
    await page.locator('h1').waitFor()
    expect(hub.clock.now() - before).toBeGreaterThanOrEqual(3_600_000)
    expect(await page.locator('html').getAttribute('lang')).toBe(language)
    await page.context().close()
  })
})
