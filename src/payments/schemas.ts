import { z } from '@hono/zod-openapi'
import { MAX_AMOUNT_MINOR } from '../kernel/money.ts'
import { is731Reference, isRfReference } from '../kernel/reference.ts'
import { parseInstant } from '../kernel/time.ts'
import { FLAGS, PAYMENT_STATUSES } from './facts.ts'

/** The API's shapes: they validate, and the OpenAPI document is generated from them. */

const AMOUNT = 'Integer minor units, e.g. cents: 1234 is 12.34 EUR.'
const TIME = 'RFC 3339 in UTC.'

export const Amount = z
  .int()
  .min(1, 'must be at least 1 minor unit')
  .max(MAX_AMOUNT_MINOR)
  .openapi({ description: AMOUNT, example: 12345 })
export const Sum = z.int().min(0).openapi({ description: AMOUNT })
export const Currency = z
  .string()
  .regex(/^[A-Z]{3}$/, 'must be an ISO 4217 code in capital letters, e.g. EUR')
  .openapi({ example: 'EUR' })
const LanguageCode = z.string().regex(/^[a-z]{2}$/, 'must be an ISO 639-1 code in small letters, e.g. lv')
export const Time = z
  .string()
  .max(40)
  .refine((text) => parseInstant(text) !== undefined, 'must be an RFC 3339 time, e.g. 2026-12-31T21:59:59Z')
  .openapi({ description: TIME, format: 'date-time' })
export const PaymentIdText = z.string().regex(/^pay_[0-9a-z]{26}$/, 'must be a payment id, e.g. pay_…')
export const OfferId = z.string().min(1).max(120)
export const Reference = z
  .string()
  .regex(/^[A-Za-z0-9/._-]{1,35}$/, 'must be 1–35 characters of A-Z a-z 0-9 / - . _')
  .openapi({
    description: 'The e-service’s own reference: at most one payment with it is executed or can still be.',
    example: 'NIN-2026-000123',
  })

/** With twenty attempts a notice stays below 20 kB (payments.md §2). */
const MAX_LANGUAGES = 6
const MAX_METADATA_BYTES = 6 * 1024

const Text = z.string().trim().min(1).max(140)
export const Description = z
  .union([
    Text,
    z.record(LanguageCode, Text).refine((texts) => {
      const { length } = Object.keys(texts)
      return length > 0 && length <= MAX_LANGUAGES
    }, `must hold 1 to ${MAX_LANGUAGES} languages`),
  ])
  .openapi({ description: 'One text, or one per language; what is paid for, in words the payer knows.' })

export const Payer = z
  .strictObject({
    name: z.string().max(140).optional(),
    email: z.email().max(254).optional(),
    personalCode: z
      .string()
      .regex(/^\d{6}-?\d{5}$/, 'must be 11 digits, DDMMYY-NNNNN or 32NNNN-NNNNN')
      .optional(),
    registrationNumber: z
      .string()
      .regex(/^\d{11}$/, 'must be 11 digits')
      .optional(),
  })
  .openapi('Payer')

export const NewPayment = z
  .strictObject({
    reference: Reference,
    amount: Amount,
    currency: Currency,
    description: Description,
    returnUrl: z
      .url({ protocol: /^https?$/ })
      .max(2000)
      .openapi({ description: 'Where the payer goes back to; on an origin registered for the e-service.' }),
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
    language: LanguageCode.optional(),
    channel: OfferId.optional().openapi({ description: 'An offer’s id: the payer goes straight there.' }),
    channels: z
      .array(OfferId)
      .min(1)
      .max(50)
      .optional()
      .openapi({ description: 'Offers that the payer may choose from. Absent: all.' }),
    expiresAt: Time.optional(),
    attempts: z.enum(['one', 'many']).optional(),
    metadata: z
      .record(z.string().min(1).max(40), z.string().max(200))
      .refine((record) => Object.keys(record).length <= 20, 'must hold at most 20 entries')
      .refine(
        (record) => Buffer.byteLength(JSON.stringify(record)) <= MAX_METADATA_BYTES,
        `must be at most ${MAX_METADATA_BYTES} bytes of JSON`,
      )
      .optional(),
  })
  .openapi('NewPayment')
export type NewPayment = z.infer<typeof NewPayment>

export const AttemptView = z
  .object({
    id: z.string(),
    offer: z.string(),
    status: z.enum(['started', 'accepted', 'executed', 'refused', 'lapsed', 'unknown']),
    reason: z.string().nullable(),
    reasonText: z.string().nullable().openapi({ description: 'The reason in plain words, in the payment’s language.' }),
    begunAt: Time,
    number: z.string().openapi({ description: 'The number the bank was given.' }),
    bankReference: z.string().nullable(),
    paidAt: Time.nullable().openapi({ description: 'When the bank says it was paid.' }),
  })
  .openapi('Attempt')

export const RefundView = z
  .object({
    id: z.string(),
    attempt: z.string(),
    amount: Amount,
    status: z.enum(['requested', 'sent', 'unknown', 'done', 'failed']),
    origin: z.enum(['e-service', 'psp']),
  })
  .openapi('Refund')

/** Refunds made at the bank are named by the bank's own number. */
export const RefundIdText = z.string().min(1).max(200)
export const NewRefund = z
  .strictObject({
    amount: Amount.optional().openapi({ description: `${AMOUNT} Absent: all that is left.` }),
    attempt: z
      .string()
      .regex(/^att_[0-9a-z]{26}$/, 'must be an attempt id, e.g. att_…')
      .optional()
      .openapi({ description: 'Whose money goes back, where several attempts were paid.' }),
  })
  .openapi('NewRefund')

export const PaymentView = z
  .object({
    id: PaymentIdText,
    mode: z.enum(['test', 'live']),
    reference: Reference,
    status: z.enum(PAYMENT_STATUSES),
    final: z.boolean().openapi({
      description:
        'Nothing is awaited any more. Money that comes late, or a bank’s word that does, can still move the status.',
    }),
    closing: z.enum(['refused', 'cancelled', 'expired']).nullable(),
    attention: z.array(z.enum(FLAGS)),
    amount: Amount,
    currency: Currency,
    paidAmount: Sum,
    refundedAmount: Sum,
    reversedAmount: Sum,
    description: z.record(LanguageCode, z.string()),
    payee: z.string().nullable(),
    language: LanguageCode,
    allowedAttempts: z.enum(['one', 'many']),
    attempts: z.array(AttemptView),
    refunds: z.array(RefundView),
    createdAt: Time,
    expiresAt: Time,
    metadata: z.record(z.string(), z.string()),
  })
  .openapi('Payment')
export type PaymentView = z.infer<typeof PaymentView>

const PayerAtBank = z.object({
  name: z.string().nullable(),
  account: z.string().nullable(),
  bank: z.string().nullable(),
})

/** What one payment's own address answers: the view, where the payer is sent, and what only `payer:read` may see. */
export const WholePayment = z
  .object({
    ...PaymentView.shape,
    payUrl: z.url(),
    returnUrl: z.url(),
    payer: Payer.nullable().openapi({ description: 'As ordered; only with the scope payer:read.' }),
    payersAtBank: z
      .array(z.object({ attempt: z.string(), ...PayerAtBank.shape }))
      .nullable()
      .openapi({ description: 'As the banks gave them; only with the scope payer:read.' }),
    events: z.array(z.object({ id: z.string(), type: z.string(), sequence: z.int(), at: Time })),
  })
  .openapi('WholePayment')

export const ListQuery = z.object({
  reference: Reference.optional(),
  status: z.enum(PAYMENT_STATUSES).optional(),
  from: Time.optional(),
  to: Time.optional(),
  after: z.string().max(200).optional().openapi({ description: 'The cursor of the page before.' }),
  limit: z.coerce.number().int().min(1).max(100).default(20),
})

export const OfferView = z
  .object({
    id: OfferId,
    name: z.string(),
    logo: z.url(),
    health: z.enum(['good', 'failing', 'paused']),
    pauseText: z.string().nullable(),
    minAmount: Amount.nullable(),
    maxAmount: Amount.nullable(),
    currencies: z.array(Currency),
  })
  .openapi('Offer')

export const EventView = z
  .object({
    id: z.string(),
    type: z.string(),
    timestamp: Time,
    sequence: z.int(),
    data: z.object({ eService: z.string(), payment: PaymentView }),
  })
  .openapi('Event')

export const ProblemView = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.string().openapi({ description: 'Stable; programs decide by it.' }),
    detail: z.string().openapi({ description: 'What to do, for a person.' }),
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
    payment: z.string().optional().openapi({ description: 'The other payment, with reference_in_use.' }),
  })
  .openapi('Problem')
