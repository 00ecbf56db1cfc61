import { z } from 'zod'

/** What the bogus bank writes, as its README fixes it. Unknown members are passed over: a bank may add some any day. */

const Amount = z.int().min(0)
const Currency = z.string().regex(/^[A-Z]{3}$/)
const Time = z.iso.datetime({ offset: true })

export const SandboxRefund = z.object({
  id: z.string().min(1).max(64),
  /** Absent: made at the bank, without us. */
  number: z.string().max(35).optional(),
  status: z.string(),
  amount: Amount,
  currency: Currency,
  at: Time,
})
export type SandboxRefund = z.infer<typeof SandboxRefund>

export const SandboxPayment = z.object({
  id: z.string().min(1).max(64),
  merchant: z.string().min(1).max(35),
  number: z.string().min(1).max(10),
  reference: z.string().max(35),
  status: z.string(),
  /** What was ordered; once paid, what the payer paid. */
  amount: Amount,
  currency: Currency,
  account: z.string(),
  page: z.url({ protocol: /^https?$/ }).optional(),
  bankReference: z.string().max(35).optional(),
  payer: z.object({ name: z.string().max(140).optional(), account: z.string().max(34).optional() }).optional(),
  /** When it came into this status. */
  at: Time,
  refunds: z.array(SandboxRefund).max(200).default([]),
  reversals: z
    .array(z.object({ id: z.string().min(1).max(64), amount: Amount, currency: Currency, at: Time }))
    .default([]),
})
export type SandboxPayment = z.infer<typeof SandboxPayment>

export const SandboxNotice = z.object({ event: z.string(), payment: SandboxPayment })

/** JSON in UTF-8 of the given shape; undefined when it is anything else. */
export const parseJson = <Value>(bytes: Uint8Array, shape: z.ZodType<Value>): Value | undefined => {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return shape.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}
