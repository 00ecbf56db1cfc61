import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../kernel/time.ts'
import type { Directory } from '../../merchants/index.ts'
import { pathOf } from '../../platform/http/prefix.ts'
import type { JobHandler } from '../../platform/jobs/jobs.ts'
import type { Mail } from '../../platform/mail/mail.ts'
import type { Hub } from '../hub.ts'
import { receiptLines } from '../pages/bill.ts'
import { bareFrameOf } from '../pages/frame.ts'
import { contactLines, voiceOf } from '../pages/page.ts'
import { billOf } from '../pages/page-of.ts'
import { fromJobKey, RECEIPT_MAIL } from '../record.ts'
import { loadPayment, noteReceiptMail, type ReceiptMail, receiptMailOf } from '../store/index.ts'
import type { Tokens } from '../tokens.ts'
import { issueReceipt } from './issue.ts'
import { type Named, namedOf, receiptOf } from './paid.ts'
import { receiptPdf } from './pdf.ts'

/** The first time at once, then after half as long again as it has taken so far, within these bounds; in the end the log and `payments show` say so. */
const SOONEST_MS = 30 * SECOND_MS
const LATEST_MS = HOUR_MS
const GIVEN_UP_AFTER_MS = 3 * DAY_MS

/**
 * Sends the receipt to the payer, once a payment: the job is set in the transaction that makes it executed. Sent again only when it may
 * not have arrived (the server did not answer, or this process ended before it noted that it had), and then as the same letter.
 */
export const receiptMailJob = (hub: Hub, tokens: Tokens): JobHandler => ({
  kind: RECEIPT_MAIL,
  atOnce: 2,
  leaseMs: 3 * MINUTE_MS,
  run: async ({ key, payload }, now) => {
    const [merchant, payment] = fromJobKey(key)
    // Sent by a process that ended before its job did.
    if ((await receiptMailOf(hub.db, merchant, payment))?.outcome === 'sent') return undefined
    const mail = await mailFor(hub, tokens, merchant, payment)
    if (!mail) return undefined
    if (!hub.mailer) return end(hub, key, 'no_server', 'EBIZNESS_SMTP_URL is not set')
    const sent = await hub.mailer.send(mail)
    if (sent.kind === 'sent') return end(hub, key, 'sent', '')
    if (sent.kind === 'refused') return end(hub, key, 'refused', sent.why)
    const tookMs = now - (typeof payload === 'number' ? payload : now)
    if (tookMs >= GIVEN_UP_AFTER_MS) return end(hub, key, 'gave_up', sent.why)
    hub.count('receipt_mails', { outcome: 'later' })
    return now + Math.min(LATEST_MS, Math.max(SOONEST_MS, Math.round(tookMs / 2)))
  },
})

const end = async (hub: Hub, key: string, outcome: ReceiptMail['outcome'], why: string): Promise<undefined> => {
  const [merchant, payment] = fromJobKey(key)
  await noteReceiptMail(hub.db, merchant, payment, { outcome, why, at: hub.clock.now() })
  hub.count('receipt_mails', { outcome })
  if (outcome !== 'sent') hub.warn('a receipt was not sent by e-mail', { merchant, payment, outcome, why })
}

/** Undefined: there is nobody to send it to, or the e-service does not want it sent. */
const mailFor = async (hub: Hub, tokens: Tokens, merchant: string, payment: string): Promise<Mail | undefined> => {
  const directory = await hub.merchants.directory()
  const loaded = await loadPayment(hub.db, merchant, payment)
  const to = loaded?.row.details.payer?.email
  if (!loaded || to === undefined || !directory.eServices.get(loaded.row.eService)?.receipts?.email) return undefined
  const named = namedOf(hub, directory, loaded)
  const letter = letterOf(hub, directory, named)
  const pdf = await receiptPdf(hub, directory, named, undefined)
  const signed = await issueReceipt(hub, tokens, directory, named)
  if (!letter || !pdf || !signed) return undefined
  const { name, ...rest } = letter
  return {
    ...rest,
    id: `${payment}.receipt`,
    at: hub.clock.now(),
    to,
    attachments: [
      { name: `${name}.pdf`, type: 'application/pdf', bytes: pdf },
      { name: `${name}.json`, type: 'application/json', bytes: Buffer.from(`${JSON.stringify(signed, null, 2)}\n`) },
    ],
  }
}

type Letter = Pick<Mail, 'language' | 'fromName' | 'replyTo' | 'subject' | 'text'> & { readonly name: string }

/** In the payment's language and the merchant's words; plain text, which every program and everybody can read. */
const letterOf = (hub: Pick<Hub, 'publicUrl'>, directory: Directory, named: Named): Letter | undefined => {
  const { row } = named.loaded
  const frame = bareFrameOf(pathOf(hub.publicUrl), directory, row, undefined)
  if (!frame) return undefined
  const voice = voiceOf(frame)
  const receipt = receiptOf(named)
  const service = voice.local(frame.brand.eService)
  const merchant = voice.local(frame.brand.merchant)
  const { email } = frame.brand.support
  const lines = receiptLines({ frame, bill: billOf(named) }, receipt, voice)
  const contacts = contactLines(frame.brand.support).map(({ text }) => text)
  const paragraphs = [
    ...(frame.mode === 'test' ? [voice.say('page.test')] : []),
    voice.say('mail.paid', { service }),
    lines.map(({ key, value }) => `${key}: ${value}`).join('\n'),
    voice.say('receipt.note'),
    voice.say('mail.page', { address: `${hub.publicUrl}/pay/${row.payToken}/receipt?lang=${voice.language}` }),
    voice.say('mail.why', { service }),
    [merchant, ...contacts].join('\n'),
  ]
  return {
    name: `receipt-${frame.quote}`,
    language: voice.language,
    fromName: merchant,
    ...(email === undefined ? {} : { replyTo: email }),
    subject: voice.say('mail.subject', { service, amount: voice.money(receipt.paid) }),
    text: `${paragraphs.join('\n\n')}\n`,
  }
}
