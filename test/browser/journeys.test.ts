import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { launchBrowser, openPage } from '../pages/browser.ts'
import { openStreet, reaches, type Street } from './street.ts'

/** A resident pays a tax bill: from the e-service over the hub to a bank and back, in a real browser. */

let street: Street
let browser: Browser
beforeAll(async () => {
  street = await openStreet()
  browser = await launchBrowser()
})
afterAll(async () => {
  await browser.close()
  await street.stop()
})

/** Every window of a test; closed after it, when all it complained of has been looked at. */
let windows: { readonly page: Page; readonly complaints: readonly string[]; readonly asked: ReadonlySet<string> }[] = []
beforeEach(() => {
  windows = []
})
afterEach(async () => {
  for (const { page, complaints, asked } of windows) {
    await page.context().close()
    expect(complaints).toEqual([])
    expect([...asked].filter((origin) => !street.origins.has(origin))).toEqual([])
  }
})

/** A busy machine is slow; what takes longer never comes. */
const WAIT_MS = 12_000

const PHONE = { width: 390, height: 844 }
const DESKTOP = { width: 1280, height: 900 }
const scripted = [
  { with: 'scripts on a phone', scripts: true, ...PHONE },
  { with: 'scripts on a desktop', scripts: true, ...DESKTOP },
  { with: 'no scripts on a phone', scripts: false, ...PHONE },
] as const
type Browsing = Omit<(typeof scripted)[number], 'with'>

/** The e-service with new bills, in a window that notes every complaint and every origin asked. */
const atEService = async (browsing: Browsing = { scripts: true, ...PHONE }): Promise<Page> => {
  const { page, complaints } = await openPage(browser, browsing)
  const asked = new Set<string>()
  page.on('request', (request) => {
    const { protocol, origin } = new URL(request.url())
    if (protocol !== 'data:') asked.add(origin)
  })
  page.setDefaultTimeout(WAIT_MS)
  windows.push({ page, complaints, asked })
  await startAgain(page)
  return page
}

const FLAT = '#bill-2'
const bill = () => street.shop.bills()[1]
const billStatus = () => bill()?.payments.at(-1)?.status
const paymentId = () => bill()?.payments.at(-1)?.id ?? ''
const payUrl = () => bill()?.payments.at(-1)?.payUrl ?? ''

/** Way (b): the bank is chosen on the hub's page. */
const payHere = async (page: Page, bank: 'Swedbank' | 'SEB' | 'Sandbox bank'): Promise<void> => {
  await page
    .locator(FLAT)
    .getByRole('button', { name: /^(Pay|Go on with the payment)$/ })
    .click()
  await reaches(page, 'choose')
  await choose(page, bank)
}
const choose = async (page: Page, bank: string): Promise<void> => {
  // As people do: on the name. The round field itself lies under it.
  await page.locator('form:has(input[type=radio])').getByText(bank, { exact: true }).click()
  await page.getByRole('button', { name: 'Continue', exact: true }).click()
}
/** Way (a): the bank is chosen on the e-service's own page. */
const payAt = (page: Page, bank: string) => page.locator(FLAT).getByRole('button', { name: bank }).click()

/** Where scripts do not run, the payer presses the button that carries them on. */
const carriedOn = async (page: Page, scripts: boolean, button: RegExp): Promise<void> => {
  if (!scripts) await page.getByRole('button', { name: button }).click()
}
const atBank = (page: Page) => page.getByRole('heading', { name: 'What becomes of this order?' }).waitFor()
const decide = (page: Page, choice: string) => page.locator(`button[name=choice][value=${choice}]`).click()

/** Presses Tab until what is focused is called so. */
const tabTo = async (page: Page, name: RegExp): Promise<void> => {
  const met: string[] = []
  for (let press = 0; press < MOST_TABS; press++) {
    await page.keyboard.press('Tab')
    const focused = String(await page.evaluate(FOCUSED))
    if (name.test(focused)) return
    met.push(focused)
  }
  throw new Error(`no ${name} among ${met.join(' | ')}`)
}
const MOST_TABS = 12
const FOCUSED = '(document.activeElement.innerText || document.activeElement.value || "").trim()'

const startAgain = async (page: Page): Promise<void> => {
  await page.goto(`${street.shop.root}/?lang=en`)
  await page.getByRole('button', { name: 'Begin again with new bills' }).click()
}

/** From the hub’s last page back to the e-service, where a notice has made the bill paid. */
const findsPaid = async (page: Page): Promise<void> => {
  await reaches(page, 'paid')
  await backToEService(page)
  await page.locator(FLAT).getByText('Paid', { exact: true }).waitFor()
  expect(await page.locator(FLAT).innerText()).toMatch(/executed – confirmed by a notice, sequence \d/)
  expect(billStatus()).toBe('executed')
}

const backToEService = async (page: Page): Promise<void> => {
  await page.getByRole('button', { name: 'Back to Property tax' }).click()
  await page.waitForURL(`${street.shop.root}/return?**`)
}

describe.each(scripted)('with $with, a resident', (browsing) => {
  const { scripts } = browsing

  it('chooses a bank link on the hub’s page, pays, and finds the bill paid by a verified notice', async () => {
    const page = await atEService(browsing)
    await payHere(page, 'Swedbank')
    await carriedOn(page, scripts, /Continue with Swedbank/)
    await atBank(page)
    await decide(page, 'pay')
    await carriedOn(page, scripts, /^Go on$/)
    await reaches(page, 'paid')
    expect(await page.getByRole('heading', { level: 1 }).innerText()).toBe('€24.15 paid')
    await findsPaid(page)
  })

  it('pays through a bank to which the choice itself is redirected', async () => {
    const page = await atEService(browsing)
    await payHere(page, 'Sandbox bank')
    await atBank(page)
    await decide(page, 'pay')
    await reaches(page, 'paid')
  })
})

describe.each(scripted.filter(({ width }) => width === PHONE.width))('with $with, a resident', (browsing) => {
  const { scripts } = browsing

  it('chooses the bank in the e-service and goes straight there', async () => {
    const page = await atEService(browsing)
    await payAt(page, 'Sandbox bank')
    await atBank(page)
    await decide(page, 'pay')
    await findsPaid(page)
    await startAgain(page)
    await payAt(page, 'Swedbank')
    await carriedOn(page, scripts, /Continue with Swedbank/)
    await atBank(page)
    await decide(page, 'pay')
    await carriedOn(page, scripts, /^Go on$/)
    await findsPaid(page)
  })

  it('is refused, reads why, and pays at another bank', async () => {
    const page = await atEService(browsing)
    await payHere(page, 'Sandbox bank')
    await decide(page, 'decline')
    await reaches(page, 'not-paid')
    expect(await page.getByRole('main').innerText()).toContain('No money has moved.')
    await page.getByRole('link', { name: 'Try another way to pay' }).click()
    await reaches(page, 'choose')
    await choose(page, 'Swedbank')
    await carriedOn(page, scripts, /Continue with Swedbank/)
    await decide(page, 'pay')
    await carriedOn(page, scripts, /^Go on$/)
    await findsPaid(page)
  })

  it('is refused, goes back, and the e-service says that nothing is paid', async () => {
    const page = await atEService(browsing)
    await payHere(page, 'Swedbank')
    await carriedOn(page, scripts, /Continue with Swedbank/)
    await decide(page, 'cancel')
    await carriedOn(page, scripts, /^Go on$/)
    await reaches(page, 'not-paid')
    await backToEService(page)
    await page.getByText('The bill is not paid.').waitFor()
    await street.hub.settle()
    expect(billStatus()).toBe('refused')
  })

  it('closes the bank’s window and finds everything where it was', async () => {
    const page = await atEService(browsing)
    await payHere(page, 'Swedbank')
    await carriedOn(page, scripts, /Continue with Swedbank/)
    await atBank(page)
    await page.goto(payUrl())
    await reaches(page, 'processing-asking')
    await page.getByRole('link', { name: 'I have not paid there: choose another way' }).click()
    await reaches(page, 'choose')
    await page.getByRole('button', { name: 'Continue with Swedbank' }).click()
    await carriedOn(page, scripts, /Continue with Swedbank/)
    await decide(page, 'pay')
    await carriedOn(page, scripts, /^Go on$/)
    await reaches(page, 'paid')
  })

  it('must say that nothing was paid before a second bank is opened', async () => {
    const page = await atEService(browsing)
    await payHere(page, 'Swedbank')
    await carriedOn(page, scripts, /Continue with Swedbank/)
    await atBank(page)
    await page.goto(`${payUrl()}?choose=yes`)
    await choose(page, 'Sandbox bank')
    await reaches(page, 'confirm')
    await page.getByRole('button', { name: 'I have not paid there. Continue with Sandbox bank' }).click()
    await atBank(page)
    await decide(page, 'pay')
    await reaches(page, 'paid')
    const { body } = await street.hub.api('GET', `/v1/payments/${paymentId()}`)
    expect(body.attempts.map(({ status }) => status)).toEqual(['started', 'executed'])
  })
})

describe('a payer’s page', () => {
  it('turns to paid by itself when only the bank’s server tells', async () => {
    const page = await atEService()
    await payHere(page, 'Swedbank')
    await atBank(page)
    const bank = page.url()
    await page.goto(payUrl())
    await reaches(page, 'processing-asking')
    const other = await page.context().newPage()
    await other.goto(bank)
    await decide(other, 'return_lost')
    await reaches(page, 'paid')
  })

  it('turns from processing to paid by itself when the bank has carried the payment out', async () => {
    const page = await atEService()
    await payHere(page, 'Sandbox bank')
    await decide(page, 'processing')
    await reaches(page, 'processing-taken')
    await backToEService(page)
    const look = page.locator(FLAT).getByRole('button')
    expect(await look.allInnerTexts()).toEqual(['See how it stands'])
    await look.click()
    await reaches(page, 'processing-taken')
    await street.hub.clock.advance(31_000)
    await reaches(page, 'paid')
  })

  it('says that SEB has accepted the payment, and turns to paid by itself when SEB has executed it', async () => {
    const page = await atEService()
    await payHere(page, 'SEB')
    await atBank(page)
    await decide(page, 'notice_late')
    await reaches(page, 'processing-taken')
    expect(billStatus()).not.toBe('executed')
    await street.hub.clock.advance(121_000)
    await findsPaid(page)
  })

  it('puts the bank of the last time first on the next visit', async () => {
    const page = await atEService()
    await payHere(page, 'Sandbox bank')
    await decide(page, 'pay')
    await findsPaid(page)
    await startAgain(page)
    await page.locator(FLAT).getByRole('button', { name: 'Pay', exact: true }).click()
    await reaches(page, 'choose')
    expect(await page.getByRole('main').getByRole('button').first().innerText()).toContain('Continue with Sandbox bank')
  })

  it('leads from the e-service to paid by keyboard only', async () => {
    const page = await atEService()
    await page.locator(FLAT).getByRole('button', { name: 'Pay', exact: true }).focus()
    await page.keyboard.press('Enter')
    await reaches(page, 'choose')
    await tabTo(page, /swedbank-lv/)
    await page.keyboard.press('Space')
    await tabTo(page, /^Continue$/)
    await page.keyboard.press('Enter')
    await atBank(page)
    await tabTo(page, /^Pay\b/)
    await page.keyboard.press('Enter')
    await reaches(page, 'paid')
    await tabTo(page, /^Back to Property tax$/)
    await page.keyboard.press('Enter')
    await page.waitForURL(`${street.shop.root}/return?**`)
  })

  it('shows a return that nobody can verify for what it is', async () => {
    const page = await atEService()
    await page.goto(`${street.shop.root}/return?lang=en&status=executed&token=forged`)
    await page.getByText('This return could not be verified.').waitFor()
  })
})

describe('a bank', () => {
  it.each(scripted.filter(({ width }) => width === PHONE.width))(
    'may send the payer on to another host name, with $with',
    async (browsing) => {
      await street.banksRedirect()
      const page = await atEService(browsing)
      await payHere(page, 'Swedbank')
      await carriedOn(page, browsing.scripts, /Continue with Swedbank/)
      await atBank(page)
      await decide(page, 'pay')
      await carriedOn(page, browsing.scripts, /^Go on$/)
      await reaches(page, 'paid')
    },
  )
})
