import { forPeople, type Instant, localTime } from '../kernel/time.ts'
import { type Html, html } from '../platform/html/index.ts'
import type { Due } from './clock.ts'
import type { WorldLanguage, WorldTexts } from './texts.ts'

/** Where a tester moves time: what it is now, what happens next by itself, and buttons. */

const ZONE = 'Europe/Riga'
/** English as it is written in Europe, like the hub's pages. */
const LOCALES: Readonly<Record<WorldLanguage, string>> = { lv: 'lv-LV', en: 'en-GB' }

export const clockTime = (at: Instant): string => {
  const { hour, minute, second } = localTime(at, ZONE)
  return `${hour}:${minute}:${second}`
}

const dayAndTime = (at: Instant, language: WorldLanguage): string =>
  `${forPeople(at, LOCALES[language], ZONE, 'date')} ${clockTime(at)}`

export const MOVES = [
  ['minute', 60_000],
  ['quarter', 900_000],
  ['hour', 3_600_000],
  ['day', 86_400_000],
] as const

export type ClockView = {
  readonly language: WorldLanguage
  readonly now: Instant
  /** Earliest first. */
  readonly due: readonly Due[]
}

/** The time and the buttons; they lead to the clock's own page, whose heading the time is. */
export const clockPanel = (view: ClockView, texts: WorldTexts, isOwnPage: boolean): Html => {
  const time = html`${texts.clock}: <time>${dayAndTime(view.now, view.language)}</time>`
  return html`<section class="clock">
${isOwnPage ? html`<h1>${time}</h1>` : html`<h2>${time}</h2>`}
<p class="quiet">${texts.clockTells}</p>
<form method="post" action="/clock?lang=${view.language}">${MOVES.map(
    ([name, ms]) => html`<button class="small" name="ms" value="${ms}">${texts[name]}</button>`,
  )}${view.due.length > 0 && html`<button class="small" name="to" value="next">${texts.toNext}</button>`}</form>
</section>`
}

/** Everything that is due next, as a person would say it. */
export const duePanel = ({ due, language }: ClockView, texts: WorldTexts): Html => html`<section><h2>${texts.due}</h2>
${
  due.length === 0
    ? html`<p class="quiet">${texts.nothingDue}</p>`
    : html`<ol class="sent">${due.map(
        (one) =>
          html`<li><span class="row"><span><time>${dayAndTime(one.at, language)}</time> · ${tells(one, texts)}</span></span><span class="quiet">${one.about}</span></li>`,
      )}</ol>`
}
</section>`

/** A kind that has no words of its own is shown by its name. */
const tells = ({ what }: Due, texts: WorldTexts): string => {
  switch (what) {
    case 'bank':
      return texts.dueBank
    case 'notice':
      return texts.dueNotice
    case 'payments.deadline':
      return texts.duePayment
    case 'payments.ask-again':
      return texts.dueAskAgain
    case 'payments.hint':
      return texts.dueHint
    case 'payments.parked':
      return texts.dueParked
    case 'payments.refund':
      return texts.dueRefund
    case 'payments.twins':
      return texts.dueTwins
    case 'payments.receipt-mail':
      return texts.dueReceipt
    default:
      return what
  }
}
