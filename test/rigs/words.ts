import { bankNotice, type Claim, sendNotice } from '../support/bank-notice.ts'
import { visit } from '../support/payer.ts'
import { noticesOf, type Ordered, ordered, truth } from '../support/story.ts'
import type { RigStage } from './stages.ts'

/** What payers, the bank and the e-service do in the stories, one line each. */

/** What the e-service ends up with. */
export type Ended = Readonly<Record<string, string | number>>

export const AMOUNT_MINOR = 12_345
export const SANDBOX = { channel: 'sandbox', amount: AMOUNT_MINOR }

export type AtBank = Ordered & { readonly number: string; readonly atBank: string }

/** An order whose payer was led straight to the bank; `unheard`: the bank's own notices about it never come. */
export const atBank = async (
  stage: RigStage,
  { unheard, ...more }: { readonly attempts?: 'many'; readonly unheard?: true } = {},
): Promise<AtBank> => {
  const bill = await ordered(stage, { ...SANDBOX, ...more })
  if (unheard) stage.line.withoutNotices(bill.reference)
  await visit(`${bill.payUrl}?channel=sandbox`)
  return { ...bill, ...orderOf(stage, bill) }
}

/** The newest order of that reference in the bank's books. */
export const orderOf = (stage: RigStage, { reference }: Ordered): Pick<AtBank, 'number' | 'atBank'> => {
  const [order] = stage.world
    .orders()
    .filter(({ text }) => text.startsWith(`${reference} `))
    .sort((a, b) => Number(b.number) - Number(a.number))
  if (!order) throw new Error(`the bank has no order of ${reference}`)
  return { number: order.number, atBank: order.id }
}

/** The tester decides at the bank; what the bank sends arrives, and the payer's browser carries back what it is given. */
export const decide = async (stage: RigStage, bill: AtBank, choice: string): Promise<void> => {
  const answer = await stage.world.choose('sandbox', bill.atBank, choice)
  if (answer.kind === 'carry') await visit(answer.url)
  await stage.settle()
}

export const claimOf = ({ number, reference }: AtBank, status: string): Claim => ({
  number,
  reference,
  status,
  amount: AMOUNT_MINOR,
})

/** A message of the bank, rightly signed; how it was answered. */
export const says = async (stage: RigStage, bill: AtBank, status: string): Promise<number> =>
  (await sendNotice(stage, bankNotice(stage, claimOf(bill, status)))).status

export const setBankCalls = async (stage: RigStage, calls: 'well' | 'failing'): Promise<void> => {
  await fetch(`${stage.world.root}/sandbox/switch`, { method: 'PUT', body: JSON.stringify({ calls }) })
}

/** How often the e-service was told that nothing came and nothing will. */
export const toldClosed = (stage: RigStage, { id }: Ordered): number =>
  noticesOf(stage, id).filter((type) => type === 'payment.refused' || type === 'payment.expired').length

export const ending = async (stage: RigStage, { id }: Ordered): Promise<Ended> => {
  const { status, paidAmount } = await truth(stage, id)
  const toldPaid = noticesOf(stage, id).filter((type) => type === 'payment.executed').length
  return { status, paid: paidAmount, toldPaid }
}

/** What the bank has paid back, by its own books. */
export const paidBackAtBank = (stage: RigStage, { atBank: id }: AtBank): number =>
  stage.world.orders().find((order) => order.id === id)?.refundedMinor ?? 0
