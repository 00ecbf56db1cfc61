import { buttonLink, details, type Html, html, icon } from '../../platform/html/index.ts'
import { contactLines, sheet, supportOf, type Voice, voiceOf } from './page.ts'
import type { ProblemPage } from './props.ts'

/** An error page: what happened, what became of the money, what to do, and whom to ask with which number. */
export const problemPage = (page: ProblemPage): Html => {
  const { frame, problem, money, detail } = page
  const voice = voiceOf(frame)
  const title = voice.say(`problem.${problem}`)
  return sheet({
    // Without a payment there is no address that would show this page again in another language, but for a wrong one itself.
    frame: frame.pay === undefined && problem !== 'not_found' ? { ...frame, languages: [] } : frame,
    voice,
    title,
    state: `problem-${problem}`,
    content: html`<div class="pay-narrow pay-act pay-card">
<div class="pay-hero pay-hero--care"><span class="pay-hero__mark">${icon('alert')}</span><h1>${title}</h1></div>
<div class="pay-text"><p>${voice.say(`problem.${problem}-text`)}</p><p class="pay-strong">${voice.say(`problem.${money}`)}</p></div>
${frame.pay !== undefined && html`<div class="pay-actions">${buttonLink(voice.at(), voice.say('problem.again'))}</div>`}
${contact(page, voice)}
${detail !== undefined && details(voice.say('problem.detail'), html`<p lang="en">${detail}</p>`)}
</div>`,
  })
}

const contact = ({ frame }: ProblemPage, voice: Voice): Html => html`<div class="pay-contact">
<p>${voice.say('problem.quote')}</p><p class="pay-contact__quote">${frame.quote}</p>
<p class="pay-links">${contactLines(supportOf(frame)).map(({ text, href }) => html`<a class="pay-link" href="${href}">${text}</a> `)}</p>
</div>`
