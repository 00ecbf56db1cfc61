import {
  banner,
  button,
  buttonForm,
  type Choice,
  choices,
  errorSummary,
  type Html,
  html,
  icon,
  type Part,
  steps,
} from '../../platform/html/index.ts'
import { billCard } from './bill.ts'
import { serviceName, sheet, type Voice, voiceOf } from './page.ts'
import type { ChoosePage, ConfirmPage, OfferChoice } from './props.ts'

/** How to pay: the offer begun or chosen last time in one tap, all others as tiles. */
export const choosePage = (page: ChoosePage): Html => {
  const voice = voiceOf(page.frame)
  const mistake = mistakeOf(page, voice)
  const title = voice.say(titleOf(page))
  return sheet({
    frame: page.frame,
    voice,
    title: mistake === undefined ? title : voice.say('page.with-mistake', { title }),
    state: 'choose',
    query: 'choose=yes',
    content: html`<div class="pay-columns">${billCard(page, voice)}<div class="pay-act">
${mistake !== undefined && errorSummary(voice.say('choose.mistake'), [{ text: mistake, field: 'offer' }])}
${before(page, voice)}
<h1>${title}</h1>
${page.offers.length === 0 ? none(page, voice) : ways(page, mistake, voice)}
${leave(page, voice)}
</div></div>`,
  })
}

/** What is not there now may be in a few minutes; what was tried too often is never again. */
const titleOf = ({ offers, begun, isTriedOut = false }: ChoosePage) => {
  if (offers.length > 0) return 'choose.title'
  return isTriedOut || begun?.isShownOut ? 'choose.none-further' : 'choose.none'
}

const mistakeOf = ({ mistake }: ChoosePage, voice: Voice): string | undefined => {
  if (mistake === undefined) return undefined
  return voice.say(mistake === 'nothing_chosen' ? 'choose.nothing-chosen' : 'choose.not-offered')
}

/** While an attempt may still be paid, the words about it say all there is to say of money. */
const none = ({ frame, begun, isTriedOut = false }: ChoosePage, voice: Voice): Part => {
  if (isTriedOut) return html`<p>${voice.say('choose.tried-out', { service: serviceName(frame, voice) })}</p>`
  return begun === undefined && html`<p>${voice.say('choose.none-text')}</p>`
}

const before = ({ refused, begun, offers, isTriedOut = false }: ChoosePage, voice: Voice): Part => [
  refused !== undefined &&
    banner(
      'bad',
      'cross',
      voice.say('choose.refused', { name: voice.local(refused.name) }),
      html`<p>${voice.say(`reason.${refused.reason}`)} ${!isTriedOut && voice.say('choose.refused-next')}</p>`,
    ),
  begun !== undefined &&
    banner(
      'care',
      'clock',
      voice.say('choose.begun', { name: voice.local(begun.name) }),
      html`<p>${voice.say(begunTextOf(begun, offers))}</p>
<p><a class="pay-link" href="${voice.stands()}">${voice.say('choose.check')}</a></p>`,
    ),
]

const begunTextOf = ({ isShownOut = false }: NonNullable<ChoosePage['begun']>, others: ChoosePage['offers']) => {
  if (!isShownOut) return 'choose.begun-text'
  return others.length > 0 ? 'choose.begun-shown-out' : 'choose.begun-shown-out-only'
}

const ways = (page: ChoosePage, mistake: string | undefined, voice: Voice): Part => {
  const first = page.offers.find((offer) => offer.id === (page.begun?.offer ?? page.last))
  const oneTap = first?.health === 'good' ? first : undefined
  const others = page.offers.filter((offer) => offer !== oneTap)
  return [
    oneTap !== undefined && last(oneTap, page, voice),
    others.length > 0 && tiles(others, oneTap !== undefined, mistake, voice, page),
    whatNext(page, voice),
  ]
}

const last = (offer: OfferChoice, page: ChoosePage, voice: Voice): Html => {
  const known = page.begun === undefined
  const content = html`<span class="pay-last__tile"><img class="pay-tile" src="${offer.logo}" alt="" width="72" height="36"></span>
<span>${known && html`<span class="pay-last__hint">${voice.say('choose.last')}</span> `}${voice.say('choose.continue-with', { name: voice.local(offer.name) })}</span>${icon('arrow')}`
  return html`<div class="pay-last">${buttonForm(voice.at('/choose'), content, 'primary', [['offer', offer.id]])}</div>`
}

const tiles = (
  offers: readonly OfferChoice[],
  besideLast: boolean,
  mistake: string | undefined,
  voice: Voice,
  page: ChoosePage,
): Html => {
  const legend = besideLast
    ? html`<legend>${voice.say('choose.others')}</legend>`
    : html`<legend class="govuk-visually-hidden">${voice.say('choose.title')}</legend>`
  const items = offers.map((offer) => tile(offer, voice))
  const only = items.length === 1 && items[0]?.disabled === false ? items[0].value : undefined
  const checked = page.begun?.offer ?? only
  return html`<form class="pay-act" method="post" action="${voice.at('/choose')}" novalidate>
${choices('offer', legend, items, {
  ...(checked !== undefined && { checked }),
  ...(mistake !== undefined && { error: mistake }),
})}
<div class="pay-actions">${button(voice.say('choose.continue'), besideLast ? 'secondary' : 'primary')}</div>
</form>`
}

const tile = (offer: OfferChoice, voice: Voice): Choice => {
  const note = noteOf(offer, voice)
  return {
    value: offer.id,
    label: voice.local(offer.name),
    picture: offer.logo,
    disabled: offer.health === 'paused',
    ...(note !== undefined && { note }),
  }
}

const noteOf = ({ health, pauseText, pausedUntil }: OfferChoice, voice: Voice): string | undefined => {
  if (health === 'good') return undefined
  if (health === 'failing') return voice.say('choose.failing')
  const until =
    pausedUntil === undefined
      ? voice.say('choose.paused')
      : voice.say('choose.paused-until', { time: voice.dateTime(pausedUntil) })
  return pauseText === undefined ? until : `${until}. ${voice.local(pauseText)}`
}

const whatNext = ({ bill }: ChoosePage, voice: Voice): Html => html`<section><h2>${voice.say('next.title')}</h2>
${steps([
  voice.say('next.go'),
  voice.say('next.confirm', { amount: voice.money(bill.amount) }),
  voice.say('next.return'),
])}</section>`

const leave = ({ frame }: ChoosePage, voice: Voice): Html =>
  buttonForm(voice.at('/return'), voice.say('choose.cancel', { service: serviceName(frame, voice) }), 'link')

/** Before going to a second bank: a plain word of the payer's that the first was not paid. */
export const confirmPage = (page: ConfirmPage): Html => {
  const voice = voiceOf(page.frame)
  const begun = voice.local(page.begun.name)
  const title = voice.say('confirm.title')
  const notPaid = voice.say('confirm.not-paid', { next: voice.local(page.next.name) })
  return sheet({
    frame: page.frame,
    voice,
    title,
    state: 'confirm',
    query: 'choose=yes',
    content: html`<div class="pay-columns">${billCard(page, voice)}<div class="pay-act">
<h1>${title}</h1>
${banner('care', 'alert', voice.say('confirm.twice'), html`<p>${voice.say('confirm.text', { begun })}</p>`)}
<div class="pay-actions">
${buttonForm(voice.at('/choose'), voice.say('confirm.finish', { begun }), 'primary', [['offer', page.begun.offer]])}
${buttonForm(voice.at('/choose'), notPaid, 'secondary', [
  ['offer', page.next.offer],
  ['not-paid', 'yes'],
])}
</div>
<p><a class="pay-link" href="${voice.stands()}">${voice.say('confirm.paid')}</a></p>
</div></div>`,
  })
}
