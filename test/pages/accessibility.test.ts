import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launchBrowser, openPage } from './browser.ts'
import { faultsOf, widthFaultsOf } from './faults.ts'
import { frameOf, gallery, THEMES, type ThemeName } from './gallery.ts'
import { type GalleryServer, serveGallery } from './server.ts'

/** Every page × state × language × theme in a real browser: axe finds nothing, the policy refuses nothing, nothing scrolls sideways. */

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

const isTheme = (name: string): name is ThemeName => Object.hasOwn(THEMES, name)
const themes = Object.keys(THEMES).filter(isTheme)
const names = [...gallery(frameOf('liepkalni', 'en', { stylesheet: '', script: '', icon: '' }), 'liepkalni').keys()]
const worlds = themes.flatMap((theme) => ['lv', 'en'].map((language) => `${theme}/${language}`))

/** An idle machine takes a dozen seconds for each; this one may be busy. */
const LONGEST_MS = 240_000

describe.each(worlds)('the pages of %s', (world) => {
  it(
    'give axe nothing to find, break no policy, never scroll sideways',
    async () => {
      const [awake, staying] = await Promise.all([openPage(browser), openPage(browser)])
      // With our script, the pages that lead to a bank have left before they can be looked at; with scripts off, axe cannot run.
      await staying.page.route('**/assets/*.js', (route) => route.fulfill({ contentType: 'text/javascript', body: '' }))
      const faults: string[] = []
      for (const name of names) {
        const { page } = name.startsWith('going') ? staying : awake
        await page.setViewportSize({ width: 390, height: 844 })
        await page.goto(`${server.url}/${world}/${name}`)
        for (const fault of [...(await faultsOf(page)), ...(await widthFaultsOf(page))])
          faults.push(`${name}: ${fault}`)
      }
      expect(faults).toEqual([])
      expect([...awake.complaints, ...staying.complaints]).toEqual([])
      await Promise.all([awake, staying].map(({ page }) => page.context().close()))
    },
    LONGEST_MS,
  )
})
