import { readFileSync } from 'node:fs'
import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { type Clock, SECOND_MS } from '../../kernel/time.ts'
import type { Html } from '../../platform/html/index.ts'
import { type HubClient, openHub, verifyNotice, verifyReturn } from '../../sdk/index.ts'
import { serveOnLoopback } from '../serve.ts'
import { type Bill, isPaid, newBills, noticed, openPayment, ordered, returned } from './bills.ts'
import { type BillsView, billsPage, type Notice, sentencePage } from './pages.ts'
import { type ShopLanguage, shopTexts } from './texts.ts'

/** What the integrator was given. Asked for at each use, so that keys may be rotated. */
export type DemoAccess = {
  readonly hubRoot: string
  readonly apiKey: string
  readonly eService: string
  /** As `ebizness keys notices` prints them: `whsec_…` and `whpk_…`. */
  readonly noticeKeys: readonly string[]
}

export type DemoOptions = {
  /** 0: any free one. */
  readonly port: number
  readonly access: () => Promise<DemoAccess>
  readonly clock: Clock
  /** How long is waited between tries of a call; a test gives its own. */
  readonly wait?: (ms: number) => Promise<unknown>
  readonly log: (event: string, fields: Readonly<Record<string, unknown>>) => void
}

export type Demo = {
  readonly root: string
  readonly port: number
  /** What the e-service knows, for tests. */
  bills(): readonly Bill[]
  stop(): Promise<void>
}

/** The demo e-service: everything an integration needs, and little else. Throws what `listen` throws. */
export const startDemo = async (options: DemoOptions): Promise<Demo> => {
  const shop: Shop = { ...options, hub: hubOf(options), root: '', run: 0, bills: [] }
  restart(shop)
  const served = await serveOnLoopback(options.port, (root) => {
    shop.root = root
    return shopApp(shop).fetch
  })
  options.log('demo.listening', { root: served.root })
  return { root: served.root, port: served.port, bills: () => shop.bills, stop: served.close }
}

type Shop = DemoOptions & {
  readonly hub: (access: DemoAccess) => HubClient
  root: string
  /** The second in which these bills were made, or the next that was not used yet. */
  run: number
  bills: readonly Bill[]
}

/** One client as long as the key is the same: it keeps the hub's keys of return tokens. */
const hubOf = ({ wait }: DemoOptions): Shop['hub'] => {
  let kept: { readonly access: DemoAccess; readonly client: HubClient } | undefined
  return (access) => {
    if (kept?.access.apiKey !== access.apiKey || kept.access.hubRoot !== access.hubRoot) {
      const { hubRoot: url, apiKey } = access
      kept = { access, client: openHub({ url, apiKey, ...(wait ? { wait } : {}) }) }
    }
    return kept.client
  }
}

/** References must be new in each run: the hub remembers those that were paid. */
const restart = (shop: Shop): void => {
  shop.run = Math.max(shop.run + 1, Math.floor(shop.clock.now() / SECOND_MS))
  shop.bills = newBills(shop.run.toString(36).toUpperCase())
}

const change = (shop: Shop, id: string, to: (bill: Bill) => Bill): void => {
  shop.bills = shop.bills.map((bill) => (bill.id === id ? to(bill) : bill))
}

const MAX_BODY_BYTES = 65_536
const CSS = readFileSync(new URL('./shop.css', import.meta.url), 'utf8')
const LOGO = readFileSync(new URL('./look/liepkalni.svg', import.meta.url), 'utf8')

const shopApp = (shop: Shop): Hono => {
  const app = new Hono()
  app.use(bodyLimit({ maxSize: MAX_BODY_BYTES }))
  app.onError((error, context) => {
    shop.log('demo.fault', { path: context.req.path, error: String(error) })
    return context.text('The demo e-service broke down; its log says why.', 500)
  })
  app.get('/shop.css', (context) => context.text(CSS, 200, { 'content-type': 'text/css; charset=utf-8' }))
  app.get('/logo.svg', (context) => context.text(LOGO, 200, { 'content-type': 'image/svg+xml' }))
  app.get('/', (context) => showBills(shop, context, {}))
  app.post('/bills/:id/pay', (context) => pay(shop, context))
  app.get('/return', (context) => comeBack(shop, context))
  app.post('/notices', (context) => hear(shop, context))
  app.post('/restart', (context) => {
    restart(shop)
    return context.redirect(`/?lang=${languageOf(context)}`, 303)
  })
  app.notFound(async (context) => {
    const language = languageOf(context)
    return shown(sentencePage(language, shopTexts[language].notFound), (await shop.access()).hubRoot, 404)
  })
  return app
}

// ------------------------------------------------------------------------------------------------------------------- the payer pays

const pay = async (shop: Shop, context: Context): Promise<Response> => {
  const bill = shop.bills.find((one) => one.id === context.req.param('id'))
  const language = languageOf(context)
  if (!bill || isPaid(bill)) return context.redirect(`/?lang=${language}`, 303)
  const { channel } = await context.req.parseBody()
  const offer = typeof channel === 'string' ? channel : undefined
  const payUrl = openPayment(bill)?.payUrl ?? (await order(shop, bill, language, offer))
  if (payUrl !== undefined) return context.redirect(payAddress(payUrl, offer), 303)
  const texts = shopTexts[language]
  return showBills(shop, context, { notice: { kind: 'bad', title: texts.trouble, tells: texts.troubleTells } }, 502)
}

/** Way (a): the e-service names the bank; way (b): the hub's page asks. */
const payAddress = (payUrl: string, offer: string | undefined): string => {
  const address = new URL(payUrl)
  if (offer !== undefined) address.searchParams.set('channel', offer)
  return address.href
}

/** The address to send the payer to; undefined when the hub could not be asked. */
const order = async (shop: Shop, bill: Bill, language: ShopLanguage, offer: string | undefined) => {
  const access = await shop.access()
  const place = (name: ShopLanguage) => `${shopTexts[name].service}, ${bill.place[name] ?? ''}`
  const hub = shop.hub(access)
  const made = await hub.createPayment(
    {
      reference: bill.reference,
      amount: bill.amountMinor,
      currency: 'EUR',
      description: { lv: place('lv'), en: place('en') },
      returnUrl: `${shop.root}/return?lang=${language}`,
      language,
      attempts: 'many',
      ...(offer === undefined ? {} : { channel: offer }),
    },
    // The same after a lost answer, so that nothing is ordered twice; bank and language are part of the body, which a key must fit.
    { idempotencyKey: `${bill.reference}-${bill.payments.length + 1}-${offer ?? 'any'}-${language}` },
  )
  // Our own earlier order, of which the answer was lost: the hub names it.
  const other = made.ok ? undefined : made.problem.payment
  const known = other === undefined ? made : await hub.getPayment(other)
  if (!known.ok) {
    shop.log('demo.order_failed', { reference: bill.reference, ...known.problem })
    return undefined
  }
  const { value: told } = known
  change(shop, bill.id, (now) => ordered(now, told, told.payUrl, shop.clock.now()))
  return told.payUrl
}

// --------------------------------------------------------------------------------------------------------- what is heard, and how

/** The only place where a bill becomes paid. */
const hear = async (shop: Shop, context: Context): Promise<Response> => {
  const body = new Uint8Array(await context.req.arrayBuffer())
  const { noticeKeys, eService } = await shop.access()
  const headers = context.req.raw.headers
  const checked = verifyNotice({ headers, body, keys: noticeKeys, eService, now: shop.clock.now() })
  if (checked.kind === 'refused') {
    shop.log('demo.notice_refused', { reason: checked.reason })
    return context.text(checked.reason, 400)
  }
  const { sequence, data } = checked.notice
  for (const bill of shop.bills) {
    change(shop, bill.id, (now) => noticed(now, data.payment, sequence, shop.clock.now()))
  }
  return context.body(null, 204)
}

const comeBack = async (shop: Shop, context: Context): Promise<Response> => {
  const access = await shop.access()
  const token = await verifyReturn({
    token: context.req.query('token') ?? '',
    keys: shop.hub(access).returnKeys,
    issuer: access.hubRoot,
    eService: access.eService,
    now: shop.clock.now(),
  })
  const bill = token.ok && shop.bills.find((one) => one.payments.some((payment) => payment.id === token.payment))
  const language = languageOf(context)
  const texts = shopTexts[language]
  if (!token.ok || !bill) {
    return showBills(shop, context, {
      notice: { kind: 'wait', title: texts.backUnknown, tells: texts.backUnknownTells },
    })
  }
  change(shop, bill.id, (now) => returned(now, token.payment, token.status, shop.clock.now()))
  const now = shop.bills.find((one) => one.id === bill.id) ?? bill
  const waits = !isPaid(now) && (openPayment(now) !== undefined || token.status === 'executed')
  return showBills(shop, context, { notice: welcome(now, token.status, language), about: bill.id, refresh: waits })
}

/** What is shown may trust the token; whether the bill is paid, only the notice tells. */
const welcome = (bill: Bill, status: string, language: ShopLanguage): Notice => {
  const texts = shopTexts[language]
  if (isPaid(bill)) return { kind: 'good', title: texts.backPaid, tells: texts.backPaidTells }
  if (status === 'executed') return { kind: 'good', title: texts.backPaidWait, tells: texts.backPaidWaitTells }
  if (status === 'accepted' || status === 'started') {
    return { kind: 'wait', title: texts.backWait, tells: texts.backWaitTells }
  }
  return { kind: 'bad', title: texts.backNot, tells: texts.backNotTells }
}

// ------------------------------------------------------------------------------------------------------------------------- pages

const languageOf = (context: Context): ShopLanguage => (context.req.query('lang') === 'en' ? 'en' : 'lv')

/** Offers are asked for once, for an amount that every bill reaches. */
const showBills = async (
  shop: Shop,
  context: Context,
  more: Pick<BillsView, 'notice' | 'about' | 'refresh'>,
  status = 200,
): Promise<Response> => {
  const access = await shop.access()
  const language = languageOf(context)
  const smallest = Math.min(...shop.bills.map((bill) => bill.amountMinor))
  const found = await shop.hub(access).listChannels({ amount: smallest, currency: 'EUR', language })
  const offers = found.ok ? found.value.offers : []
  const { hubRoot } = access
  return shown(billsPage({ language, bills: shop.bills, offers, hubRoot, ...more }), hubRoot, status)
}

const shown = (page: Html, hubRoot: string, status: number): Response =>
  new Response(page.toString(), {
    status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      // The bank tiles are the hub's; the form leads over the hub to banks, which browsers hold against form-action too.
      'content-security-policy': `default-src 'none'; style-src 'self'; img-src 'self' ${hubRoot}; form-action 'self' http: https:; base-uri 'none'; frame-ancestors 'none'`,
    },
  })
