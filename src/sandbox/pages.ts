import type { Choice, SimulatedOrder, SimulatorAnswer } from '../channels/simulator.ts'
import { inLanguage } from '../kernel/language.ts'
import { type Money, toDecimal } from '../kernel/money.ts'
import type { Instant } from '../kernel/time.ts'
import { type Html, html } from '../platform/html/index.ts'
import { type ClockView, clockPanel, clockTime, duePanel } from './clock-page.ts'
import type { SentRecord } from './outbox.ts'
import { type WorldLanguage, type WorldTexts, worldTexts } from './texts.ts'

/** The tester's pages: complete without scripts, and never to be taken for a real bank's. */

export type View = {
  readonly language: WorldLanguage
  /** Address of this page, to which the language link adds its own. */
  readonly here: string
  readonly now: Instant
}

export type ListedOrder = SimulatedOrder & {
  readonly channel: string
  /** The tester's decision, if there was one. */
  readonly decided?: Choice
}

const moneyText = (money: Money, language: WorldLanguage): string =>
  new Intl.NumberFormat(language, { style: 'currency', currency: money.currency }).format(Number(toDecimal(money)))

const page = (view: View, title: string, body: Html): Html => {
  const texts = worldTexts[view.language]
  const other = view.language === 'lv' ? 'en' : 'lv'
  return html`<!doctype html>
<html lang="${view.language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="stylesheet" href="/assets/world.css">
<link rel="icon" href="data:,">
</head>
<body>
<header><p class="warning"><strong>${texts.warning}</strong></p>
<div class="bar"><a class="name" href="/?lang=${view.language}">${texts.title}</a><a lang="${other}" hreflang="${other}" href="${view.here}?lang=${other}">${texts.language}</a></div></header>
<main>${body}</main>
</body>
</html>`
}

const stateOf = (order: ListedOrder, texts: WorldTexts): readonly [mark: string, text: string] => {
  if (order.refundedMinor > 0) return ['refunded', texts.refunded]
  if (order.paid) return ['paid', texts.paid]
  return order.decided ? ['not-paid', texts.notPaid] : ['waiting', texts.waiting]
}

const mark = (order: ListedOrder, texts: WorldTexts): Html => {
  const [name, text] = stateOf(order, texts)
  return html`<span class="mark ${name}">${text}</span>`
}

// ------------------------------------------------------------------------------------------------------------------------ lists

export const listPage = (view: View & ClockView, orders: readonly ListedOrder[], sent: readonly SentRecord[]): Html => {
  const texts = worldTexts[view.language]
  return page(
    view,
    texts.title,
    html`<h1>${texts.title}</h1>
<p class="lead">${texts.intro}</p>
${clockPanel(view, texts, false)}
<p><a href="/clock?lang=${view.language}">${texts.due}</a></p>
<section><h2>${texts.orders}</h2>
${orders.length === 0 ? html`<p class="quiet">${texts.noOrders}</p>` : html`<ul class="orders">${orders.map((order) => orderRow(view, order, texts))}</ul>`}
</section>
${sentPanel(texts, sent)}`,
  )
}

const orderRow = (view: View, order: ListedOrder, texts: WorldTexts): Html => html`<li>
<a href="/orders/${order.channel}/${order.id}?lang=${view.language}">
<span class="row"><strong>${moneyText(order.amount, view.language)}</strong>${mark(order, texts)}</span>
<span class="what">${order.text}</span>
<span class="quiet">${order.channel} · ${order.agreement} · ${order.number} · ${clockTime(order.madeAt)}</span>
</a></li>`

const addressOf = ({ url }: SentRecord): string => url.split('?')[0] ?? url

/** What a message carries: the fields of its query, one a line, or its body. */
const contentOf = ({ method, url, body }: SentRecord): string =>
  method === 'GET' ? (url.split('?')[1] ?? '').replaceAll('&', '\n') : body

const sentPanel = (texts: WorldTexts, sent: readonly SentRecord[]): Html => html`<section><h2>${texts.sent}</h2>
${
  sent.length === 0
    ? html`<p class="quiet">${texts.nothingSent}</p>`
    : html`<ol class="sent">${sent.map(
        (
          one,
        ) => html`<li><span class="row"><span>${clockTime(one.at)} · ${one.channel}${one.attempt > 1 && html` · ${one.attempt}. ${texts.again}`}</span><span class="mark ${one.answer === 200 ? 'paid' : 'not-paid'}">${texts.answer}: ${one.answer}</span></span>
<details><summary>${one.method} ${addressOf(one)}</summary><pre>${contentOf(one)}</pre></details></li>`,
      )}</ol>`
}
</section>`

// ------------------------------------------------------------------------------------------------------------------------ one order

const GROUPS = ['usual', 'trouble', 'hostile'] as const

/** Where the tester decides; this is also what the payer's browser sees at the simulated bank. */
export const orderPage = (
  view: View,
  order: ListedOrder,
  choices: readonly Choice[],
  sent: readonly SentRecord[],
): Html => {
  const texts = worldTexts[view.language]
  const sentOf = sentPanel(
    texts,
    sent.filter((one) => one.order === order.id),
  )
  const groups = GROUPS.map(
    (group) => [group, choices.filter((choice) => (choice.group ?? 'usual') === group)] as const,
  )
  const decisions = html`<form method="post" action="/orders/${order.channel}/${order.id}/choose?lang=${view.language}">
${groups.map(([group, own]) => own.length > 0 && groupOf(group, own, view.language, texts))}
</form>`
  return page(
    view,
    `${texts.order} ${order.number}`,
    html`<p><a href="/?lang=${view.language}">← ${texts.allOrders}</a></p>
<section class="slip"><h1><span class="quiet">${texts.order} ${order.number} · ${order.channel}</span>${moneyText(order.amount, view.language)}</h1>
<dl><div><dt>${texts.text}</dt><dd>${order.text}</dd></div><div><dt>${texts.payee}</dt><dd>${order.agreement}</dd></div><div><dt>${texts.state}</dt><dd>${mark(order, texts)}</dd></div></dl>
${order.decided && html`<p class="decided">${texts.decided}: <strong>${inLanguage(order.decided.name, view.language)}</strong></p>`}</section>
${order.decided ? [sentOf, html`<details class="again"><summary>${texts.otherwise}</summary>${decisions}</details>`] : html`<h2>${texts.decide}</h2>${decisions}`}`,
  )
}

const groupOf = (
  group: (typeof GROUPS)[number],
  choices: readonly Choice[],
  language: WorldLanguage,
  texts: WorldTexts,
): Html => html`<fieldset class="${group}"><legend>${texts[group]}</legend><p class="quiet">${texts[`${group}Tells`]}</p>
<div class="choices">${choices.map(
  (choice) =>
    html`<button name="choice" value="${choice.id}"><strong>${inLanguage(choice.name, language)}</strong><span>${inLanguage(choice.tells, language)}</span></button>`,
)}</div></fieldset>`

// ------------------------------------------------------------------------------------------------------------------------ others

/** `problem`: why the last move was not made. */
export const clockPage = (view: View & ClockView, problem: string | undefined): Html => {
  const texts = worldTexts[view.language]
  return page(
    view,
    texts.clock,
    html`<p><a href="/?lang=${view.language}">← ${texts.allOrders}</a></p>
${problem !== undefined && html`<p class="decided" role="alert">${problem}</p>`}
${clockPanel(view, texts, true)}
${duePanel(view, texts)}`,
  )
}

export const sentencePage = (view: View, text: string): Html => {
  const texts = worldTexts[view.language]
  return page(
    view,
    text,
    html`<h1 class="sentence">${text}</h1><p><a href="/?lang=${view.language}">${texts.allOrders}</a></p>`,
  )
}

/** The browser carries the bank's message on: by itself where scripts run, by the button everywhere. */
export const carryPage = (view: View, answer: Extract<SimulatorAnswer, { kind: 'carry' }>): Html => {
  const texts = worldTexts[view.language]
  return page(
    view,
    texts.goingOn,
    html`<h1>${texts.goingOn}</h1><p class="lead">${texts.goingOnTells}</p>
<form id="carry" method="${answer.method.toLowerCase()}" action="${answer.url}" accept-charset="${answer.charset}">
${answer.fields.map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)}
<button class="main">${texts.goOn}</button>
</form>
<script src="/assets/carry.js" defer></script>`,
  )
}
