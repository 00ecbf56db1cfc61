import { attribute, button, buttonLink, type Html, hiddenFields, html, icon } from '../../platform/html/index.ts'
import { billCard } from './bill.ts'
import { sheet, type Voice, voiceOf } from './page.ts'
import type { GoingPage } from './props.ts'

/** On the way to the bank: the form posts itself where scripts run, and has its button always. */
export const goingPage = (page: GoingPage): Html => {
  const voice = voiceOf(page.frame)
  const name = voice.local(page.offer.name)
  const title = voice.say('going.title', { name })
  return sheet({
    frame: page.frame,
    voice,
    title,
    state: 'going',
    query: 'choose=yes',
    content: html`<div class="pay-columns">${billCard(page, voice)}<div class="pay-act">
<h1>${title}</h1>
<p>${voice.say('going.button')}</p>
<div class="pay-last">${leadingOn(page, voice)}</div>
<div class="pay-text pay-soft"><p>${voice.say('going.check')}</p><p>${voice.say('going.lost')}</p></div>
</div></div>`,
  })
}

const leadingOn = ({ step, offer }: GoingPage, voice: Voice): Html => {
  const content = html`<span class="pay-last__tile"><img class="pay-tile" src="${offer.logo}" alt="" width="72" height="36"></span>
<span>${voice.say('choose.continue-with', { name: voice.local(offer.name) })}</span>${icon('arrow')}`
  if (step.step === 'redirect') return html`<div data-leads-on>${buttonLink(step.url, content)}</div>`
  return html`<form method="post" action="${step.url}"${attribute('accept-charset', step.charset)} data-leads-on>
${hiddenFields(step.fields)}
${button(content)}
</form>`
}
