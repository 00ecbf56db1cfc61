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
    eService: z.string(),
    merchant: z.object({ name: Texts, registrationNumber: z.string() }),
    payee: z.object({ name: z.string(), iban: z.string() }),
    amount: Amount,
    currency: Currency,
    refundedAmount: Sum,
    reversedAmount: Sum,
    description: Texts,
    paidAt: Time.nullable().openapi({ description: 'When the bank says it was paid; null where it does not say.' }),
    bank: Texts,
    bankReference: z.string().nullable(),
    issuedAt: Time.openapi({ description: 'What is paid back later is not in it: ask for a new one.' }),
  })
  .openapi('Receipt')
export type Receipt = z.infer<typeof Receipt>

export const SignedReceipt = z
  .object({
    receipt: Receipt,
    jws: z.string().openapi({
      description:
        'The same receipt as a compact JWS (EdDSA, `typ` ebizness-receipt+jws) by a key of `/.well-known/jwks.json`; what it says is what counts.',
    }),
  })
  .openapi('SignedReceipt')
export type SignedReceipt = z.infer<typeof SignedReceipt>
