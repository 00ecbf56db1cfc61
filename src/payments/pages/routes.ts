import { type Context, Hono } from 'hono'
import { getCookie, setCookie } from 'hono/cookie'
import { DAY_MS, SECOND_MS } from '../../kernel/time.ts'
import type { Assets, Html } from '../../platform/html/index.ts'
import { pathOf } from '../../platform/http/prefix.ts'
import { type Begun, beginAttempt } from '../begin.ts'
import { payerLeaves } from '../commands.ts'
import type { Hub } from '../hub.ts'
import { issueReceipt } from '../receipts/issue.ts'
import { namedOf, nameOf, receiptOf } from '../receipts/paid.ts'
import { printReceipt } from '../receipts/pdf.ts'
import { type Loaded, loadByToken } from '../store/index.ts'
import { returnAddress, type Tokens } from '../tokens.ts'
import { frameOf } from './frame.ts'
import { renderPage } from './index.ts'
import { billOf, choosePage, pageOf, type Shown } from './page-of.ts'
import type { PayerPage, ProblemKind } from './props.ts'

export type PageHub = {
  readonly hub: Hub
  readonly tokens: Tokens
  readonly assets: Assets
  readonly showProblem: (c: Context, problem: ProblemKind, status: 404 | 429) => Response | Promise<Response>
}

/** Which bank the payer took last time, on this device; only ever changes which one stands first. */
const LAST_OFFER = 'last_offer'
const LAST_OFFER_KEPT_S = (365 * DAY_MS) / SECOND_MS

/** The payer's pages. `payUrl` opened at any time shows the true state; nothing but its unguessable part is needed to act. */
export const payerRoutes = (pages: PageHub): Hono => {
  const app = new Hono()
  const { hub, showProblem } = pages
  const withPayment =
    (show: (c: Context, shown: Shown) => Promise<Response>) =>
    async (c: Context): Promise<Response> => {
      const shown = await load(pages, c)
      return shown ? show(c, shown) : showProblem(c, 'not_found', 404)
    }
  app.get(
    '/pay/:token',
    withPayment((c, shown) => showState(pages, c, shown)),
  )
  app.post(
    '/pay/:token/choose',
    withPayment((c, shown) => choose(pages, c, shown)),
  )
  app.post(
    '/pay/:token/return',
    withPayment(async (c, { loaded }) => {
      const state = await payerLeaves(hub, loaded)
      return c.redirect(await returnAddress(pages.tokens, loaded.row, state), 303)
    }),
  )
  app.get(
    '/pay/:token/receipt',
    withPayment(async (c, shown) => {
      if (shown.state.status !== 'executed') return c.redirect(shown.frame.pay, 303)
      const receipt = receiptOf(shown)
      return html(c, { page: 'receipt', frame: shown.frame, bill: billOf(shown), receipt, issuedAt: hub.clock.now() })
    }),
  )
  app.get(
    '/pay/:token/receipt.json',
    withPayment(async (c, shown) => {
      const issued = await issueReceipt(hub, pages.tokens, shown.directory, shown)
      return issued
        ? download(c, shown, 'json', `${JSON.stringify(issued, null, 2)}\n`)
        : c.redirect(shown.frame.pay, 303)
    }),
  )
  app.get(
    '/pay/:token/receipt.pdf',
    withPayment(async (c, shown) => {
      const printed = await printReceipt(hub, shown.directory, shown, shown.frame.language)
      if (printed === 'not_paid') return c.redirect(shown.frame.pay, 303)
      return printed === 'too_many' ? showProblem(c, 'too_many', 429) : download(c, shown, 'pdf', printed)
    }),
  )
  return app
}

const download = (
  c: Context,
  { frame }: Shown,
  kind: 'json' | 'pdf',
  content: string | Uint8Array<ArrayBuffer>,
): Response =>
  c.body(content, 200, {
    'content-type': `application/${kind}`,
    'content-disposition': `attachment; filename="receipt-${frame.quote}.${kind}"`,
    'cache-control': 'no-store',
  })

const html = (c: Context, page: PayerPage, status: 200 | 422 = 200): Response | Promise<Response> => {
  const document: Html = renderPage(page)
  return c.html(document, status, { 'cache-control': 'no-store' })
}

const isToken = (text: string): boolean => /^[0-9a-z]{32}$/.test(text)

const load = async (pages: PageHub, c: Context): Promise<Shown | undefined> => {
  const token = c.req.param('token') ?? ''
  const loaded = isToken(token) ? await loadByToken(pages.hub.db, token) : undefined
  return loaded && shownOf(pages, c, loaded)
}

const shownOf = async ({ hub, assets }: PageHub, c: Context, loaded: Loaded): Promise<Shown | undefined> => {
  const directory = await hub.merchants.directory()
  const frame = frameOf(pathOf(hub.publicUrl), directory, loaded.row, assets, c.req.query('lang'))
  if (!frame) return undefined
  return { ...namedOf(hub, directory, loaded), frame, directory }
}

const askedOf = (c: Context) => {
  const last = getCookie(c, LAST_OFFER)
  return {
    choose: c.req.query('choose') === 'yes',
    refreshes: c.req.query('refresh') !== 'off',
    ...(last ? { last } : {}),
  }
}

/** Way (a): the e-service has chosen, and the payer goes straight to the PSP; until they came back, again and again. */
const straightOffer = (c: Context, { loaded, state }: Shown): string | undefined => {
  if (state.final || state.closing || c.req.query('back') === 'yes' || c.req.query('choose') === 'yes') return undefined
  const asked = c.req.query('channel')
  if (asked && state.order.attempts === 'many') return asked
  const { channel } = loaded.row.details
  // The one attempt is at the bank of the order: who was promised another one is not led there.
  if (asked && asked !== channel) return undefined
  const fresh = state.attempts.length === 0
  const goesOn = state.current?.offer === channel && state.current?.status === 'started' && !state.current.returnedAt
  return channel && (fresh || goesOn) ? channel : undefined
}

/** A browser, a mail scanner or a messenger looks at the address before anyone opened it: nothing begins by that. */
const isOnlyLooking = (c: Context): boolean =>
  c.req.method === 'HEAD' || /\bprefetch\b/i.test(c.req.header('sec-purpose') ?? c.req.header('purpose') ?? '')

const showState = async (pages: PageHub, c: Context, shown: Shown): Promise<Response> => {
  const straight = straightOffer(c, shown)
  // What is fetched ahead would be shown later: a browser throws this answer away and asks again when the payer comes.
  if (straight && isOnlyLooking(c)) return c.body(null, 503, { 'cache-control': 'no-store' })
  if (straight)
    return afterBeginning(pages, c, shown, straight, await beginAttempt(pages.hub, shown.loaded, straight, false))
  const page = pageOf(shown, askedOf(c))
  const asked = c.req.query('channel')
  if (!asked || page.page !== 'choose' || page.offers.some((offer) => offer.id === asked)) return html(c, page)
  return html(c, choosePage(shown, askedOf(c), 'not_offered'), 422)
}

const choose = async (pages: PageHub, c: Context, shown: Shown): Promise<Response> => {
  if (!mayChoose(shown)) return showNow(c, shown)
  const form = await formOf(c)
  const { offer, 'not-paid': notPaid } = form
  if (typeof offer !== 'string' || offer === '') return html(c, choosePage(shown, askedOf(c), 'nothing_chosen'), 422)
  const begun = await beginAttempt(pages.hub, shown.loaded, offer, notPaid === 'yes')
  return afterBeginning(pages, c, shown, offer, begun)
}

/** A body that says it is a form and is none holds no choice. */
const formOf = async (c: Context): Promise<Readonly<Record<string, unknown>>> => {
  const type = c.req.header('content-type') ?? ''
  return type.startsWith('application/x-www-form-urlencoded') ? c.req.parseBody() : {}
}

const afterBeginning = async (
  pages: PageHub,
  c: Context,
  shown: Shown,
  offerId: string,
  begun: Begun,
): Promise<Response> => {
  const { frame, offers } = shown
  switch (begun.kind) {
    case 'going': {
      const secure = pages.hub.publicUrl.startsWith('https:')
      setCookie(c, LAST_OFFER, offerId, {
        path: `${pathOf(pages.hub.publicUrl)}/pay`,
        maxAge: LAST_OFFER_KEPT_S,
        httpOnly: true,
        sameSite: 'Lax',
        secure,
      })
      if (begun.step.step === 'redirect') return c.redirect(begun.step.url, 303)
      return html(c, { page: 'going', frame, bill: billOf(shown), offer: begun.offer, step: begun.step })
    }
    case 'not_offered':
      return mayChoose(shown) ? html(c, choosePage(shown, askedOf(c), 'not_offered'), 422) : showNow(c, shown)
    case 'refused': {
      const { former } = begun
      const next = offers.find((offer) => offer.id === offerId)
      if (begun.refusal === 'may_still_be_paid' && former && next) {
        return html(c, {
          page: 'confirm',
          frame,
          bill: billOf(shown),
          begun: { offer: former.offer, name: nameOf(shown, former) },
          next: { offer: next.id, name: next.name },
        })
      }
      const isOutworn = begun.refusal === 'shown_too_often' || begun.refusal === 'too_many_attempts'
      return isOutworn ? showChoices(c, shown) : showNow(c, shown)
    }
    case 'not_going':
      return showNow(c, shown)
  }
}

/** A choice made in a window that was left open shows what became of the payment meanwhile. */
const mayChoose = (shown: Shown): boolean => pageOf(shown, { choose: true, refreshes: false }).page === 'choose'

/** Where a payer who cannot be led there once more is told so, and finds what else there is. */
const showChoices = (c: Context, { frame }: Shown): Response =>
  c.redirect(`${frame.pay}?choose=yes&lang=${frame.language}`, 303)

/** By a GET, so that reloading the page does not choose again. */
const showNow = (c: Context, { frame }: Shown): Response =>
  c.redirect(`${frame.pay}?back=yes&lang=${frame.language}`, 303)
