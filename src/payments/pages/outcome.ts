import { buttonForm, buttonLink, type Html, html, type Icon, icon, type Part } from '../../platform/html/index.ts'
import type { Flag } from '../facts.ts'
import { billCard } from './bill.ts'
import { serviceName, sheet, type Voice, voiceOf } from './page.ts'
import type {
  AttentionPage,
  Bill,
  ClosedPage,
  ClosingPage,
  Frame,
  NotPaidPage,
  PaidPage,
  PaymentReceipt,
  ProcessingPage,
} from './props.ts'

/** Pages that tell how a payment stands: the result first, the bill beside it. */

type Tone = 'good' | 'wait' | 'bad' | 'care' | 'over'
type OnBill = { readonly frame: Frame; readonly bill: Bill }
type Told = {
  readonly state: string
  readonly tone: Tone
  readonly mark: Icon
  readonly title: string
  readonly content: Part
  readonly query?: string
  readonly watch?: string
  readonly receipt?: PaymentReceipt | undefined
}

const outcome = (page: OnBill, voice: Voice, { tone, mark, title, content, receipt, ...told }: Told): Html =>
  sheet({
    frame: page.frame,
    voice,
    title,
    ...told,
    content: html`<div class="pay-columns"><div class="pay-act pay-card">
<div class="pay-hero pay-hero--${tone}"><span class="pay-hero__mark">${icon(mark)}</span><h1>${title}</h1></div>
${content}
</div>${billCard(page, voice, receipt)}</div>`,
  })

const back = ({ frame }: OnBill, voice: Voice, kind: 'primary' | 'secondary' | 'link' = 'primary'): Html =>
  buttonForm(voice.at('/return'), voice.say('return.back', { service: serviceName(frame, voice) }), kind)

const text = (...sentences: readonly Part[]): Html =>
  html`<div class="pay-text">${sentences.map((sentence) => html`<p>${sentence}</p>`)}</div>`

export const paidPage = (page: PaidPage): Html => {
  const voice = voiceOf(page.frame)
  return outcome(page, voice, {
    state: 'paid',
    tone: 'good',
    mark: 'tick',
    title: voice.say('paid.title', { amount: voice.money(page.receipt.paid) }),
    content: html`${text(voice.say('paid.text'))}
<div class="pay-actions">${back(page, voice)}${receiptLink(voice)}</div>`,
    receipt: page.receipt,
  })
}

const receiptLink = (voice: Voice): Html => buttonLink(voice.at('/receipt'), voice.say('paid.receipt'), 'secondary')

export const processingPage = (page: ProcessingPage): Html => {
  const voice = voiceOf(page.frame)
  const name = voice.local(page.through)
  const taken = page.known === 'taken'
  return outcome(page, voice, {
    ...waiting(page.refreshes, voice),
    state: `processing-${page.known}`,
    title: voice.say(taken ? 'processing.taken' : 'processing.asking'),
    content: html`${text(voice.say(taken ? 'processing.taken-text' : 'processing.asking-text', { name }), ...meanwhile(page, voice))}
<div class="pay-actions">${back(page, voice)}${
      page.mayChoose && buttonLink(voice.at('', 'choose=yes'), voice.say('processing.choose'), 'secondary')
    }</div>
${updating(page.refreshes, voice)}`,
  })
}

const waiting = (refreshes: boolean, voice: Voice) =>
  ({
    tone: 'wait',
    mark: 'clock',
    ...(refreshes ? { watch: voice.stands() } : { query: 'back=yes&refresh=off' }),
  }) as const

const meanwhile = ({ frame }: OnBill, voice: Voice): readonly Part[] => [
  html`<strong class="pay-strong">${voice.say('processing.wait')}</strong>`,
  voice.say('processing.close', { service: serviceName(frame, voice) }),
]

/** WCAG 2.2.1 and 2.2.4: what moves by itself can be stopped. */
const updating = (refreshes: boolean, voice: Voice): Html =>
  html`<div class="pay-quiet"><p>${voice.say(refreshes ? 'processing.refreshes' : 'processing.still')}</p><p class="pay-links">${
    refreshes
      ? html`<a class="pay-link" href="${voice.stands('refresh=off')}">${voice.say('processing.stop')}</a>`
      : html`<a class="pay-link" href="${voice.stands('refresh=off')}">${voice.say('processing.now')}</a> <a class="pay-link" href="${voice.stands()}">${voice.say('processing.start')}</a>`
  }</p></div>`

export const notPaidPage = (page: NotPaidPage): Html => {
  const voice = voiceOf(page.frame)
  const moneyMoved = page.reason === 'reversed' || page.reason === 'ruled_not_paid'
  return outcome(page, voice, {
    state: 'not-paid',
    tone: 'bad',
    mark: 'cross',
    title: voice.say('not-paid.title'),
    content: html`<div class="pay-text"><p>${voice.say(`reason.${page.reason}`)}</p>
${!moneyMoved && html`<p class="pay-strong">${voice.say('not-paid.money')}</p>`}<p class="pay-soft">${voice.say('not-paid.through', { name: voice.local(page.through) })}</p></div>
<div class="pay-actions">${
      page.mayTryAgain && buttonLink(voice.at('', 'choose=yes'), voice.say('not-paid.again'))
    }${back(page, voice, page.mayTryAgain ? 'secondary' : 'primary')}</div>`,
  })
}

export const closedPage = (page: ClosedPage): Html => {
  const voice = voiceOf(page.frame)
  return outcome(page, voice, {
    state: `closed-${page.as}`,
    tone: 'over',
    mark: page.as === 'expired' ? 'clock' : 'stop',
    title: voice.say(`closed.${page.as}`),
    content: html`${text(voice.say('closed.text'), voice.say('closed.anew'))}
<div class="pay-actions">${back(page, voice)}</div>`,
  })
}

export const closingPage = (page: ClosingPage): Html => {
  const voice = voiceOf(page.frame)
  return outcome(page, voice, {
    ...waiting(page.refreshes, voice),
    state: 'closing',
    title: voice.say(`closing.${page.as}`),
    content: html`${text(voice.say('closing.text', { name: voice.local(page.through) }), voice.say('closing.ends'), ...meanwhile(page, voice))}
<div class="pay-actions">${back(page, voice)}</div>
${updating(page.refreshes, voice)}`,
  })
}

/** Flags that a payer can be told by name; of any other it is enough that a person looks. */
const toldAs = (flag: Flag) =>
  flag === 'paid_twice' || flag === 'paid_late' || flag === 'reversed' ? flag : ('checked' as const)

export const attentionPage = (page: AttentionPage): Html => {
  const voice = voiceOf(page.frame)
  const told = toldAs(page.flag)
  return outcome(page, voice, {
    state: `attention-${told}`,
    tone: 'care',
    mark: 'person',
    title: voice.say(`attention.${told}`),
    content: html`${text(voice.say(`attention.${told}-text`), voice.say('attention.nothing-to-do'))}
<div class="pay-actions">${back(page, voice)}${page.receipt !== undefined && receiptLink(voice)}</div>`,
    receipt: page.receipt,
  })
}
