import MailComposer from 'nodemailer/lib/mail-composer'
import type { Language } from '../../kernel/language.ts'
import { type Instant, toDate } from '../../kernel/time.ts'

/** One letter to one person. Texts come ready from the caller. */
export type Mail = {
  /** What makes it this letter and no other: sent again it is the same one, and a mail program may show it once. */
  readonly id: string
  readonly at: Instant
  readonly to: string
  /** Shown before the hub's own sender address. */
  readonly fromName: string
  readonly replyTo?: string
  readonly language: Language
  readonly subject: string
  readonly text: string
  readonly attachments: readonly { readonly name: string; readonly type: string; readonly bytes: Uint8Array }[]
}

/** `refused`: for good, nobody will take it. `later`: it may be that it was taken, or that it will be. */
export type Sent = { readonly kind: 'sent' } | { readonly kind: 'refused' | 'later'; readonly why: string }

/** A way out for letters. Never throws for what the network does. */
export type Mailer = { send(mail: Mail): Promise<Sent> }

/** The letter as it is sent (RFC 5322). Files and addresses are never read: everything is in `mail`. */
export const written = (mail: Mail, from: string): Promise<Buffer> =>
  new MailComposer({
    disableFileAccess: true,
    disableUrlAccess: true,
    messageId: `<${mail.id}@${from.slice(from.lastIndexOf('@') + 1)}>`,
    date: toDate(mail.at),
    from: { name: mail.fromName, address: from },
    to: { name: '', address: mail.to },
    ...(mail.replyTo === undefined ? {} : { replyTo: mail.replyTo }),
    subject: mail.subject,
    text: mail.text,
    // RFC 3834: so that no absence notice answers it.
    headers: { 'Auto-Submitted': 'auto-generated', 'Content-Language': mail.language },
    attachments: mail.attachments.map(({ name, type, bytes }) => ({
      filename: name,
      contentType: type,
      content: Buffer.from(bytes),
    })),
  })
    .compile()
    .build()
