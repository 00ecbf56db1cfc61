import { type Form, formsOf, submit, visit } from '../support/payer.ts'
import { order } from '../torture/payer.ts'
import type { Surroundings } from '../torture/surroundings.ts'

/** Payers who stand at their bank, so that a rehearsal meets what it is for, whatever the others happen to do. */
export type Standing = {
  readonly payment: string
  /** Decides; the payer may come back, and does not look where that leads. */
  decide(choice: string): Promise<void>
}

/** Orders, chooses this bank and goes there. Throws where that leads elsewhere. */
export const standAtBank = async (around: Surroundings, offer: 'sandbox' | 'swedbank-lv'): Promise<Standing> => {
  const ordered = await order(around)
  if (!ordered) throw new Error('an order was not answered')
  const page = await visit(`${ordered.payUrl}?choose=yes`)
  const going = await submit(formTo(page, /\/pay\/[0-9a-z]{32}\/choose/), { offer })
  const isCarried = going.url.startsWith(around.bankRoot)
  const there = isCarried ? going : await submit(formTo(going, new RegExp(`^${around.bankRoot}/${offer}`)))
  const bank = formTo(there, /\/orders\/[^/]+\/[^/]+\/choose/)
  return {
    payment: ordered.id,
    decide: async (choice) => void (await submit(bank, { choice })),
  }
}

const formTo = (page: Awaited<ReturnType<typeof visit>>, where: RegExp): Form => {
  const form = formsOf(page).find(({ action }) => where.test(action))
  if (!form) throw new Error(`${page.url} was answered ${page.status} and leads not to ${where.source}`)
  return form
}
