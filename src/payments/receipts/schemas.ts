import { z } from '@hono/zod-openapi'
import { Amount, Currency, PaymentIdText, Reference, Sum, Time } from '../schemas.ts'

/** The receipt as JSON: what is signed, and the file a person keeps. */

const Texts = z.record(z.string(), z.string())

/** Language-free: names and texts in every language there is. No word of the payer, so that a receipt may be shown to anybody. */
export const Receipt = z
  .object({
    iss: z.url().openapi({ description: 'The hub that says so: its public address.' }),
    hub: z.string().openapi({ description: 'What the hub is.', example: 'E-BIZness CMA' }),
    mode: z.enum(['test', 'live']).openapi({ description: 'A test receipt stands for no money.' }),
    payment: PaymentIdText,
    reference: Reference,
    eService: z.string().describe('The e-service’s id.'),
    merchant: z
      .object({
        name: Texts.describe('By language.'),
        registrationNumber: z.string().describe('Of the organisation.'),
      })
      .describe('Who was paid.'),
    payee: z
      .object({ name: z.string().describe('Whose account it is.'), iban: z.string().describe('The account.') })
      .describe('The account that was paid.'),
    amount: Amount,
    currency: Currency,
    refundedAmount: Sum,
    reversedAmount: Sum,
    description: Texts.describe('What was paid for, by language.'),
    paidAt: Time.nullable().openapi({ description: 'When the bank says it was paid; null where it does not say.' }),
    bank: Texts.describe('Through whom it was paid, by language.'),
    bankReference: z.string().nullable().describe('The bank’s own number of the payment.'),
    issuedAt: Time.openapi({ description: 'What is paid back later is not in it: ask for a new one.' }),
  })
  .openapi('Receipt', {
    description: 'That a payment was paid, in every language there is and with no word of the payer.',
  })
export type Receipt = z.infer<typeof Receipt>

export const SignedReceipt = z
  .object({
    receipt: Receipt,
    jws: z.string().openapi({
      description:
        'The same receipt as a compact JWS (EdDSA, `typ` ebizness-receipt+jws) by a key of `/.well-known/jwks.json`; what it says is what counts.',
    }),
  })
  .openapi('SignedReceipt', { description: 'A receipt, and the same one signed by the hub.' })
export type SignedReceipt = z.infer<typeof SignedReceipt>
