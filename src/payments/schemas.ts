import { z } from '@hono/zod-openapi'
import { MAX_AMOUNT_MINOR } from '../kernel/money.ts'
import { is731Reference, isRfReference } from '../kernel/reference.ts'
import { parseInstant } from '../kernel/time.ts'
import { FLAGS, PAYMENT_STATUSES } from './facts.ts'

/** The API's shapes: they validate, and the OpenAPI document is generated from them. */

const AMOUNT = 'Integer minor units, e.g. cents: 1234 is 12.34 EUR.'
const TIME = 'RFC 3339 in UTC.'
const STATUS =
  'open: may be paid. started: the payer is at a bank. accepted: a bank took it for processing, and it is not yet paid. executed: paid. ' +
  'refused, cancelled, expired: it ended without money.'

export const Amount = z
  .int('must be a whole number of minor units, without quotes and without a point: 1234 for 12.34 EUR')
  .min(1, 'must be at least 1 minor unit')
  .max(MAX_AMOUNT_MINOR)
  .openapi({ description: AMOUNT, example: 12345 })
export const Sum = z.int().min(0).openapi({ description: AMOUNT })
export const Currency = z
  .string()
  .regex(/^[A-Z]{3}$/, 'must be an ISO 4217 code in capital letters, e.g. EUR')
  .openapi({ description: 'ISO 4217, in capital letters.', example: 'EUR' })
const LANGUAGE = /^[a-z]{2}$/
export const LanguageCode = z.string().regex(LANGUAGE, 'must be an ISO 639-1 code in small letters, e.g. lv')
const PAYERS_LANGUAGE = 'In which the payer is spoken to: ISO 639-1, one of the e-service’s languages.'
const ATTEMPTS = 'one: a refusal ends the payment. many: the payer may try again, at another bank too.'
export const Time = z
  .string()
  .max(40)
  .refine((text) => parseInstant(text) !== undefined, 'must be an RFC 3339 time, e.g. 2026-12-31T21:59:59Z')
  .openapi({ description: TIME, format: 'date-time' })
export const PaymentIdText = z
  .string()
  .regex(/^pay_[0-9a-z]{26}$/, 'must be a payment id, e.g. pay_…')
  .describe('The payment’s id, pay_…, as the order was answered.')
export const OfferId = z.string().min(1).max(120).describe('The offer’s id, as GET /v1/channels lists it.')
export const Reference = z
  .string()
  .regex(/^[A-Za-z0-9/._-]{1,35}$/, 'must be 1–35 characters of A-Z a-z 0-9 / - . _')
  .openapi({
    description: 'The e-service’s own reference: at most one payment with it is executed or can still be.',
    example: 'NIN-2026-000123',
  })

/** A whole number in a query. Digits only: `Number` would take `0x10`, `1e2` and spaces too. */
export const inDigits = (minimum: number, maximum: number) =>
  z
    .string()
    .regex(/^-?\d{1,15}$/, 'must be a whole number in digits')
    .transform(Number)
    .pipe(z.int().min(minimum).max(maximum))
    .openapi({ type: 'integer', minimum, maximum })

/** With twenty attempts a notice stays below 20 kB (payments.md §2). */
const MAX_LANGUAGES = 6
const MAX_METADATA_ENTRIES = 20
const MAX_METADATA_NAME = 40
const MAX_METADATA_BYTES = 6 * 1024

/** What the document says of names and their number: the generator reads neither out of a record, nor out of what refines it. */
const BY_LANGUAGE = {
  propertyNames: { type: 'string', pattern: LANGUAGE.source },
  minProperties: 1,
  maxProperties: MAX_LANGUAGES,
}
const BY_NAME = {
  propertyNames: { type: 'string', minLength: 1, maxLength: MAX_METADATA_NAME },
  maxProperties: MAX_METADATA_ENTRIES,
}

/** Measured as it comes, as whoever reads the document measures it; the blanks around it are left out. */
const Text = z.string().max(140).regex(/\S/, 'must hold more than blanks').trim()
export const Description = z
  .union([
    Text,
    z
      .record(LanguageCode, Text)
      .refine((texts) => {
        const { length } = Object.keys(texts)
        return length > 0 && length <= MAX_LANGUAGES
      }, `must hold 1 to ${MAX_LANGUAGES} languages`)
      .openapi(BY_LANGUAGE),
  ])
  .openapi({ description: 'One text, or one per language; what is paid for, in words the payer knows.' })

export const Payer = z
  .strictObject({
    name: z.string().max(140).optional().describe('First name and surname, or the company’s name.'),
    email: z.email().max(254).optional().describe('The payer’s e-mail address.'),
    personalCode: z
      .string()
      .regex(/^\d{6}-?\d{5}$/, 'must be 11 digits, DDMMYY-NNNNN or 32NNNN-NNNNN')
      .optional()
      .describe('Latvian personal code.'),
    registrationNumber: z
      .string()
      .regex(/^\d{11}$/, 'must be 11 digits')
      .optional()
      .describe('Of a company: the registration number.'),
  })
  .openapi('Payer', {
    description: 'Who pays, where the e-service knows it. Shown again only to keys with the scope payer:read.',
  })

export const NewPayment = z
  .strictObject({
    reference: Reference,
    amount: Amount,
    currency: Currency,
    description: Description,
    returnUrl: z
      .url({ protocol: /^https?$/ })
      .max(2000)
      .openapi({
        description: 'Where the payer goes back to: https or http, on an origin registered for the e-service.',
      }),
    payee: z
      .string()
      .max(60)
      .optional()
      .openapi({ description: 'Which of the merchant’s accounts is to be paid, by its id. Absent: any.' }),
    payer: Payer.optional(),
    paymentReference: z
      .string()
      .max(25)
      .refine(
        (text) => isRfReference(text) || is731Reference(text),
        'must be an ISO 11649 or 7-3-1 creditor reference with right check digits',
      )
      .optional()
      .openapi({
        description: 'A structured creditor reference, for banks that have a field for it.',
        example: 'RF18539007547034',
      }),
    language: LanguageCode.optional().describe(PAYERS_LANGUAGE),
    channel: OfferId.optional().openapi({ description: 'An offer’s id: the payer goes straight there.' }),
    channels: z
      .array(OfferId)
      .min(1)
      .max(50)
      .optional()
      .openapi({ description: 'Offers that the payer may choose from. Absent: all.' }),
    expiresAt: Time.optional().describe(
      'Until when it can be paid. Absent: as long as the e-service’s orders usually can.',
    ),
    attempts: z.enum(['one', 'many']).optional().describe(ATTEMPTS),
    metadata: z
      .record(z.string().min(1).max(MAX_METADATA_NAME), z.string().max(200))
      .refine(
        (record) => Object.keys(record).length <= MAX_METADATA_ENTRIES,
        `must hold at most ${MAX_METADATA_ENTRIES} entries`,
      )
      .refine(
        (record) => Buffer.byteLength(JSON.stringify(record)) <= MAX_METADATA_BYTES,
        `must be at most ${MAX_METADATA_BYTES} bytes of JSON`,
      )
      .optional()
      .openapi(BY_NAME)
      .describe('The e-service’s own notes, up to 20 texts by name; given back unread.'),
  })
  .openapi('NewPayment', { description: 'An order: what is to be paid, to whom, and where the payer goes back to.' })
export type NewPayment = z.infer<typeof NewPayment>

export const AttemptView = z
  .object({
    id: z.string().describe('The attempt’s id, att_….'),
    offer: z.string().describe('Where the payer went: the offer’s id.'),
    status: z
      .enum(['started', 'accepted', 'executed', 'refused', 'lapsed', 'unknown'])
      .describe(
        'accepted: the bank took it for processing. lapsed: nothing was heard, and the bank’s time is over. unknown: whether the bank was reached is being found out.',
      ),
    reason: z.string().nullable().describe('Why it was refused, a stable word for programs.'),
    reasonText: z.string().nullable().openapi({ description: 'The reason in plain words, in the payment’s language.' }),
    begunAt: Time,
    number: z.string().openapi({ description: 'The number the bank was given.' }),
    bankReference: z.string().nullable().describe('The bank’s own number of the payment.'),
    paidAt: Time.nullable().openapi({ description: 'When the bank says it was paid.' }),
  })
  .openapi('Attempt', { description: 'One trip of the payer to one bank.' })

export const RefundView = z
  .object({
    id: z.string().describe('The refund’s id, rfd_…; of one made at the bank, the bank’s own number.'),
    attempt: z.string().describe('Whose money goes back: the attempt’s id.'),
    amount: Amount,
    status: z
      .enum(['requested', 'sent', 'unknown', 'done', 'failed'])
      .describe(
        'sent: the bank took the request, and the money is not yet back. unknown: whether it did is being found out. done and failed are the last word of the bank or of a clerk; failed is the hub’s own where it never sent it, since more would have gone back than was paid.',
      ),
    origin: z.enum(['e-service', 'psp']).describe('Who asked for it: the e-service here, or somebody at the bank.'),
    reason: z.string().nullable().openapi({ description: 'As the e-service gave it.' }),
    bankReference: z.string().nullable().openapi({ description: 'The bank’s number of it, where one is known.' }),
  })
  .openapi('Refund', { description: 'Money on its way back, or back.' })

/** Refunds made at the bank are named by the bank's own number. */
export const RefundIdText = z.string().min(1).max(200).describe('The refund’s id, as the request was answered.')
/** 140 letters of any European language with their quotes: ten reasons keep a notice below 20 kB. */
const MAX_REASON_BYTES = 282
export const NewRefund = z
  .strictObject({
    amount: Amount.optional().openapi({ description: `${AMOUNT} Absent: all that is left.` }),
    attempt: z
      .string()
      .regex(/^att_[0-9a-z]{26}$/, 'must be an attempt id, e.g. att_…')
      .optional()
      .openapi({ description: 'Whose money goes back, where several attempts were paid.' }),
    reason: Text.refine(
      (text) => Buffer.byteLength(JSON.stringify(text)) <= MAX_REASON_BYTES,
      `must be at most ${MAX_REASON_BYTES} bytes of JSON`,
    )
      .optional()
      .openapi({
        description: 'Why, for whoever looks at it later. It stands in notices: no personal data.',
      }),
  })
  .openapi('NewRefund', { description: 'What is to go back.' })

export const PaymentView = z
  .object({
    id: PaymentIdText,
    mode: z.enum(['test', 'live']).describe('test: no real money moves.'),
    reference: Reference,
    status: z.enum(PAYMENT_STATUSES).describe(STATUS),
    final: z.boolean().openapi({
      description:
        'Nothing is awaited any more. Money that comes late, or a bank’s word that does, can still move the status.',
    }),
    closing: z
      .enum(['refused', 'cancelled', 'expired'])
      .nullable()
      .describe('What it will end as, if no money comes: a bank may still take it.'),
    attention: z
      .array(z.enum(FLAGS))
      .describe('What a person of the hub must look at; beside the status, never instead.'),
    amount: Amount,
    currency: Currency,
    paidAmount: Sum.describe('What was paid. Integer minor units.'),
    refundedAmount: Sum.describe('What went back by refunds. Integer minor units.'),
    reversedAmount: Sum.describe('What the bank took back by no refund of ours. Integer minor units.'),
    description: z.record(LanguageCode, z.string()).describe('What is paid for, by language.'),
    payee: z.string().nullable().describe('Which of the merchant’s accounts the order names.'),
    language: LanguageCode.describe(PAYERS_LANGUAGE),
    allowedAttempts: z.enum(['one', 'many']).describe(ATTEMPTS),
    attempts: z.array(AttemptView).describe('The payer’s trips to banks, oldest first.'),
    refunds: z.array(RefundView).describe('What is going back or went back.'),
    createdAt: Time.describe('When it was ordered. RFC 3339 in UTC.'),
    expiresAt: Time.describe('Until when it can be paid. RFC 3339 in UTC.'),
    metadata: z.record(z.string(), z.string()).describe('The e-service’s own notes, as ordered.'),
  })
  .openapi('Payment', { description: 'How a payment stands; the same in answers, notices and events.' })
export type PaymentView = z.infer<typeof PaymentView>

const PayerAtBank = z.object({
  name: z.string().nullable().describe('Whose account paid.'),
  account: z.string().nullable().describe('The account that paid.'),
  bank: z.string().nullable().describe('The bank of that account.'),
})

const EVENT_ID = 'The event’s id, evt_…; the same in every sending of its notice.'
const EVENT_TYPE = 'payment.<status>, payment.attention or refund.<status>.'
const SEQUENCE = 'Number within the payment: 1, 2, 3 …, without a gap.'
const EventLine = z.object({
  id: z.string().describe(EVENT_ID),
  type: z.string().describe(EVENT_TYPE),
  sequence: z.int().describe(SEQUENCE),
  at: Time,
})

/** What one payment's own address answers: the view, where the payer is sent, and what only `payer:read` may see. */
export const WholePayment = z
  .object({
    ...PaymentView.shape,
    payUrl: z.url().describe('Where the payer pays; opened again at any time it shows how the payment stands.'),
    returnUrl: z.url().describe('Where the payer goes back to, as ordered.'),
    // A shape of its own: as a component it would let an order say null too.
    payer: z.strictObject(Payer.shape).nullable().describe('As ordered; only with the scope payer:read.'),
    payersAtBank: z
      .array(z.object({ attempt: z.string().describe('The attempt’s id.'), ...PayerAtBank.shape }))
      .nullable()
      .openapi({ description: 'As the banks gave them; only with the scope payer:read.' }),
    events: z.array(EventLine).describe('What the e-service was told of, oldest first.'),
  })
  .openapi('WholePayment', { description: 'A payment with what only its own e-service may know.' })

export const ListQuery = z.object({
  reference: Reference.optional(),
  status: z.enum(PAYMENT_STATUSES).optional().describe('Only those that stand so now.'),
  from: Time.optional(),
  to: Time.optional(),
  after: z.string().max(200).optional().openapi({ description: 'The cursor of the page before.' }),
  limit: inDigits(1, 100).default(20).describe('At most so many.'),
})

export const OfferView = z
  .object({
    id: OfferId,
    name: z.string().describe('In the language asked for.'),
    logo: z.url().describe('A picture of 2:1, to be shown beside the name.'),
    health: z
      .enum(['good', 'failing', 'paused'])
      .describe('failing: it may be chosen, and might not work. paused: it cannot be chosen now.'),
    pauseText: z.string().nullable().describe('Why it is paused, in words for the payer.'),
    minAmount: Amount.nullable().describe('The least it takes; null: any. Integer minor units.'),
    maxAmount: Amount.nullable().describe('The most it takes; null: any. Integer minor units.'),
    currencies: z.array(Currency).describe('What it takes.'),
  })
  .openapi('Offer', { description: 'Something the payer may choose to pay with.' })

export const EventView = z
  .object({
    id: z.string().describe(EVENT_ID),
    type: z.string().describe(EVENT_TYPE),
    timestamp: Time.describe('When it happened. RFC 3339 in UTC.'),
    sequence: z.int().describe(SEQUENCE),
    data: z
      .object({
        eService: z.string().describe('Whose payment it is: the e-service’s id.'),
        payment: PaymentView,
      })
      .describe('What the notice carries.'),
  })
  .openapi('Event', { description: 'One change of a payment; the body of its notice.' })

export const ProblemView = z
  .object({
    type: z.string().describe('urn:ebizness:problem: and the code.'),
    title: z.string().describe('What is wrong, in a few words.'),
    status: z.int().describe('The HTTP status again.'),
    code: z.string().openapi({ description: 'Stable; programs decide by it.' }),
    detail: z.string().openapi({ description: 'What to do, for a person.' }),
    errors: z
      .array(
        z.object({
          path: z.string().describe('The field, e.g. payer.email.'),
          message: z.string().describe('What it must be.'),
        }),
      )
      .optional()
      .describe('Each field that is wrong.'),
    payment: z.string().optional().openapi({ description: 'The other payment, with reference_in_use.' }),
  })
  .openapi('Problem', { description: 'What is wrong and what to do (RFC 9457).' })
