import { type Browser, chromium, type Page } from 'playwright-core'

/** Debian's Chromium, told to stay off the network. */
export const launchBrowser = (): Promise<Browser> =>
  chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })

/** A page that notes whatever the browser complains of: refused styles, scripts, posts, missing files. */
export const openPage = async (
  browser: Browser,
  options: {
    readonly scripts?: boolean
    readonly width?: number
    readonly height?: number
    readonly scale?: number
  } = {},
): Promise<{ readonly page: Page; readonly complaints: string[] }> => {
  const { scripts = true, width = 390, height = 844, scale = 1 } = options
  const context = await browser.newContext({
    viewport: { width, height },
    deviceScaleFactor: scale,
    javaScriptEnabled: scripts,
  })
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(`${page.url()}: ${message.text()}`)
  })
  page.on('pageerror', (error) => complaints.push(`${page.url()}: ${error.message}`))
  return { page, complaints }
}
