import axe, { type AxeResults } from 'axe-core'
import type { Page } from 'playwright-core'

/** What is wrong with a page that a browser shows. */

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

/** Runs as text, since the page's policy lets no other script in. */
export const faultsOf = async (page: Page): Promise<readonly string[]> => {
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
export const widthFaultsOf = async (page: Page): Promise<readonly string[]> => {
  await page.setViewportSize({ width: 320, height: 640 })
  const narrow = await isWide(page)
  await page.setViewportSize({ width: 640, height: 400 })
  await page.evaluate('document.documentElement.style.fontSize = "200%"')
  return [...(narrow ? ['wide at 320 px'] : []), ...((await isWide(page)) ? ['wide with text of 200 %'] : [])]
}
