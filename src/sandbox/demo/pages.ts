import { inLanguage } from '../../kernel/language.ts'
import { toDecimal } from '../../kernel/money.ts'
import { type Instant, localTime } from '../../kernel/time.ts'
import { type Html, html } from '../../platform/html/index.ts'
import type { Offer } from '../../sdk/index.ts'
import { type Bill, type Heard, isPaid, type KnownPayment, openPayment, shownPayment } from './bills.ts'
import { type ShopLanguage, type ShopTexts, shopTexts } from './texts.ts'

/** The e-service's own pages: the look is the municipality's, and no hub markup is in them. */

export type Notice = { readonly kind: 'good' | 'wait' | 'bad'; readonly title: string; readonly tells: string }

export type BillsView = {
  readonly language: ShopLanguage
  readonly bills: readonly Bill[]
  /** The banks the e-service offers by itself; empty when the hub could not be asked. */
  readonly offers: readonly Offer[]
  readonly hubRoot: string
  readonly notice?: Notice
  /** The bill the payer came back with. */
  readonly about?: string
  /** Something may still arrive: look again in a few seconds. */
  readonly refresh?: boolean
}

const ZONE = 'Europe/Riga'
const REFRESH_SECONDS = 3

const euros = (amountMinor: number, language: ShopLanguage): string =>
  new Intl.NumberFormat(language, { style: 'currency', currency: 'EUR' }).format(
    Number(toDecimal({ amountMinor, currency: 'EUR' })),
  )

const clockTime = (at: Instant): string => {
  const { hour, minute, second } = localTime(at, ZONE)
  return `${hour}:${minute}:${second}`
}

export const billsPage = (view: BillsView): Html => {
  const { language, bills, notice } = view
  const texts = shopTexts[language]
  const open = bills.filter((bill) => !isPaid(bill)).reduce((sum, bill) => sum + bill.amountMinor, 0)
  return page(
    language,
    texts.service,
    view.refresh === true,
    html`${notice && html`<div class="banner ${notice.kind}" role="status"><h2>${notice.title}</h2><p>${notice.tells}</p></div>`}
<div class="sum"><div><p class="hello">${texts.greeting}</p><h1>${texts.year}</h1><p>${texts.due}</p></div>
<p class="total">${open === 0 ? html`<strong>${texts.allPaid}</strong>` : html`<span>${texts.toPay}</span><strong>${euros(open, language)}</strong>`}</p></div>
<ul class="bills">${bills.map((bill) => billCard(bill, view, texts))}</ul>
<form method="post" action="/restart?lang=${language}"><button class="plain">${texts.restart}</button></form>`,
  )
}

const billCard = (bill: Bill, view: BillsView, texts: ShopTexts): Html => {
  const { language } = view
  const payment = shownPayment(bill)
  return html`<li class="bill${view.about === bill.id && ' about'}" id="bill-${bill.id}">
<div class="head"><div><h2>${inLanguage(bill.place, language)}</h2><p>${inLanguage(bill.kind, language)} · <span class="whole">${texts.cadastre} ${bill.cadastre}</span></p></div>
<p class="amount"><strong>${euros(bill.amountMinor, language)}</strong>${stateMark(bill, texts)}</p></div>
${payment && payment.attention.length > 0 && html`<p class="flag">${texts.attention}: ${payment.attention.join(', ')}</p>`}
${payment && payment.refundedAmount > 0 && html`<p class="flag">${texts.refundedPart}: ${euros(payment.refundedAmount, language)}</p>`}
${!isPaid(bill) && payForms(bill, view, texts)}
${bill.payments.map((one) => knowledge(bill, one, texts, view.about === bill.id))}
</li>`
}

const STATES = ['started', 'accepted', 'refused', 'cancelled', 'expired'] as const

const stateMark = (bill: Bill, texts: ShopTexts): Html => {
  if (isPaid(bill)) return html`<span class="mark paid">${texts.paid}</span>`
  const known = STATES.find((state) => state === shownPayment(bill)?.status)
  return html`<span class="mark ${known ?? 'unpaid'}">${known ? texts[known] : texts.unpaid}</span>`
}

const payForms = (bill: Bill, view: BillsView, texts: ShopTexts): Html => {
  const action = `/bills/${bill.id}/pay?lang=${view.language}`
  const status = openPayment(bill)?.status
  // Beside a payment that a bank has taken none can begin: all there is to do is to look.
  if (status === 'accepted')
    return html`<div class="ways"><form method="post" action="${action}"><button class="pay">${texts.look}</button></form></div>`
  return html`<div class="ways"><form method="post" action="${action}"><button class="pay">${status ? texts.goOn : texts.pay}</button>${status !== 'started' && html`<p>${texts.payTells}</p>`}</form>
${view.offers.length > 0 && bankForm(action, view, texts)}</div>`
}

const bankForm = (action: string, view: BillsView, texts: ShopTexts): Html =>
  html`<form method="post" action="${action}"><p class="or">${texts.orBank}</p><div class="banks">${view.offers.map(
    (offer) =>
      html`<button name="channel" value="${offer.id}"><img src="${new URL(offer.logo, view.hubRoot).href}" alt="${offer.name}" width="120" height="60"></button>`,
  )}</div></form>`

const knowledge = (bill: Bill, payment: KnownPayment, texts: ShopTexts, open: boolean): Html =>
  html`<details${open && html` open`}><summary>${texts.known}</summary>
<ol>${payment.heard.map((line) => html`<li class="${line.from}"><time>${clockTime(line.at)}</time> <code>${line.status}</code> – ${source(line, texts)}</li>`)}</ol>
<p class="small">${texts.reference} <code>${bill.reference}</code> · ${texts.payment} <code>${payment.id}</code></p></details>`

const source = (line: Heard, texts: ShopTexts): string => {
  if (line.from === 'answer') return texts.fromAnswer
  return line.from === 'returned' ? texts.fromReturned : `${texts.fromNotice}, ${texts.sequence} ${line.sequence ?? ''}`
}

export const sentencePage = (language: ShopLanguage, sentence: string): Html => {
  const texts = shopTexts[language]
  return page(
    language,
    sentence,
    false,
    html`<h1>${sentence}</h1><p><a href="/?lang=${language}">${texts.bills}</a></p>`,
  )
}

const page = (language: ShopLanguage, title: string, refresh: boolean, body: Html): Html => {
  const texts = shopTexts[language]
  const other = language === 'lv' ? 'en' : 'lv'
  return html`<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
${refresh && html`<meta http-equiv="refresh" content="${REFRESH_SECONDS}">`}
<title>${title} – ${texts.merchant}</title>
<link rel="stylesheet" href="/shop.css">
<link rel="icon" href="/logo.svg" type="image/svg+xml">
</head>
<body>
<header><div><a class="brand" href="/?lang=${language}"><img src="/logo.svg" alt="" width="48" height="56"><span><strong>${texts.merchant}</strong>${texts.service}</span></a>
<a class="language" lang="${other}" hreflang="${other}" href="/?lang=${other}">${texts.language}</a></div></header>
<main>${body}</main>
<footer><p>${texts.demo}</p></footer>
</body>
</html>`
}
