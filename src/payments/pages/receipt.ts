import { type Html, html, summaryList } from '../../platform/html/index.ts'
import { receiptRows } from './bill.ts'
import { sheet, voiceOf } from './page.ts'
import type { ReceiptPage } from './props.ts'

/** One sheet to print or keep. Its print button shows only where the script can use it. */
export const receiptPage = (page: ReceiptPage): Html => {
  const voice = voiceOf(page.frame)
  const title = voice.say('receipt.title')
  return sheet({
    frame: page.frame,
    voice,
    title,
    state: 'receipt',
    path: '/receipt',
    content: html`<div class="pay-narrow pay-act pay-card">
<h1>${title}</h1>
${summaryList([
  ...receiptRows(page, page.receipt, voice),
  { key: voice.say('receipt.quote'), value: page.frame.quote },
])}
<p>${voice.say('receipt.note')}</p>
<p class="pay-soft">${voice.say('receipt.issued', { time: voice.dateTime(page.issuedAt) })}</p>
<div class="pay-links"><button type="button" class="pay-link" data-print hidden>${voice.say('receipt.print')}</button>
<a class="pay-link" href="${voice.at('/receipt.pdf')}" download>${voice.say('receipt.pdf')}</a>
<a class="pay-link" href="${page.frame.pay}/receipt.json" download>${voice.say('receipt.signed')}</a>
<a class="pay-link" href="${voice.stands()}">${voice.say('receipt.back')}</a></div>
</div>`,
  })
}
