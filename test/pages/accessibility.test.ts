import axe, { type AxeResults } from 'axe-core'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launchBrowser, openPage } from './browser.ts'
import { frameOf, gallery, THEMES, type ThemeName } from './gallery.ts'
import { type GalleryServer, serveGallery } from './server.ts'

/** Every page × state × language × theme in a real browser: axe finds nothing, the policy refuses nothing, nothing scrolls sideways. */

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

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

/** Runs as text, since the page's policy lets no other script in. */
const faultsOf = async (page: Page): Promise<readonly string[]> => {
  const options = JSON.stringify({
    runOnly: { type: 'tag', values: TAGS },
    rules: { 'target-size': { enabled: true } },
    resultTypes: ['violations'],
  })
  const found: AxeResults = await page.evaluate(`${axe.source}; axe.run(document, ${options})`)
  return found.violations.map((fault) => `${fault.id}: ${fault.nodes.map((node) => node.html).join(' | ')}`)
}

const isWide = (page: Page): Promise<boolean> =>
  page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth')

/** WCAG 1.4.10 (320 px, which is also 400 % of 1280) and 1.4.4 (text of twice the size in a window at 200 %). */
const widthFaultsOf = async (page: Page): Promise<readonly string[]> => {
  await page.setViewportSize({ width: 320, height: 640 })
  const narrow = await isWide(page)
  await page.setViewportSize({ width: 640, height: 400 })
  await page.evaluate('document.documentElement.style.fontSize = "200%"')
  return [...(narrow ? ['wide at 320 px'] : []), ...((await isWide(page)) ? ['wide with text of 200 %'] : [])]
}

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
