import { type Instant, toRfc3339 } from '../../kernel/time.ts'
import type { Directory } from '../../merchants/index.ts'
import type { Hub } from '../hub.ts'
import type { Tokens } from '../tokens.ts'
import { type Named, receiptOf } from './paid.ts'
import type { Receipt, SignedReceipt } from './schemas.ts'

/** What the receipt says of the payment as it stands now. Throws when nothing is executed. */
const claimsOf = (publicUrl: string, directory: Directory, named: Named, now: Instant): Receipt => {
  const { row } = named.loaded
  const { paid, payee, through, paidAt, bankReference } = receiptOf(named)
  const merchant = directory.merchants.get(row.merchant)
  return {
    iss: publicUrl,
    hub: 'E-BIZness CMA',
    mode: row.mode,
    payment: row.id,
    reference: row.reference,
    eService: row.eService,
    merchant: { name: merchant?.name ?? {}, registrationNumber: merchant?.registrationNumber ?? '' },
    payee,
    amount: paid.amountMinor,
    currency: paid.currency,
    refundedAmount: named.state.refundedMinor,
    reversedAmount: named.state.reversedMinor,
    description: row.details.description,
    paidAt: paidAt === undefined ? null : toRfc3339(paidAt),
    bank: through,
    bankReference: bankReference ?? null,
    issuedAt: toRfc3339(now),
  }
}

/** The receipt of a payment, signed. Undefined: nothing was paid. */
export const issueReceipt = async (
  hub: Pick<Hub, 'publicUrl' | 'clock'>,
  tokens: Tokens,
  directory: Directory,
  named: Named,
): Promise<SignedReceipt | undefined> => {
  if (named.state.status !== 'executed') return undefined
  const receipt = claimsOf(hub.publicUrl, directory, named, hub.clock.now())
  return { receipt, jws: await tokens.signReceipt(receipt) }
}
