import type { Language } from '../../kernel/language.ts'
import type { Hub } from '../hub.ts'
import { loadById } from '../store/index.ts'
import type { Tokens } from '../tokens.ts'
import { issueReceipt } from './issue.ts'
import { namedOf } from './paid.ts'
import { receiptPdf } from './pdf.ts'
import type { SignedReceipt } from './schemas.ts'

export type FoundReceipt = {
  readonly signed: SignedReceipt
  /** In the language asked for, or the payment's where the e-service does not speak it. */
  print(language: Language | undefined): Promise<Uint8Array | undefined>
}

/** The receipt of any payment, for operators, who know no merchant. */
export const findReceipt = async (
  hub: Hub,
  tokens: Tokens,
  payment: string,
): Promise<FoundReceipt | 'not_paid' | 'unknown'> => {
  const directory = await hub.merchants.directory()
  const loaded = await loadById(hub.db, payment)
  if (!loaded) return 'unknown'
  const named = namedOf(hub, directory, loaded)
  const signed = await issueReceipt(hub, tokens, directory, named)
  return signed ? { signed, print: (language) => receiptPdf(hub, directory, named, language) } : 'not_paid'
}
