import { answer, queryOf } from '../../src/channels/ipizza/bank-answers.ts'
import type { BankRules, Contract } from '../../src/channels/ipizza/bank-orders.ts'
import type { Money } from '../../src/kernel/money.ts'
import { demoKeys } from '../../src/sandbox/index.ts'
import { bankKeys } from '../../src/sandbox/keys.ts'
import type { Stage } from './story.ts'

/** Messages of the simulated Swedbank made by hand, rightly signed: what no tester can decide on its page. */

export type SwedbankWord = {
  readonly says: 'paid' | 'not paid'
  readonly money?: Money
  /** The bank's number of the payment. */
  readonly paymentNumber?: string
}

/** As the demo's agreement says. */
const CONTRACT: Contract = {
  agreement: 'liepkalni-swedbank',
  senderId: 'LIEPKALNI',
  bankId: 'HP',
  version: '009',
  charset: 'UTF-8',
  lengthUnit: 'chars',
  payee: { iban: 'LV07HABA0000000000001', name: 'Liepkalnu novada pašvaldība' },
}
const RULES: BankRules = {
  channel: 'swedbank-lv',
  services: [],
  zone: 'Europe/Riga',
  currencies: [],
  lengths: {},
  languages: [],
  bothTexts: false,
  tellsOfRefusals: false,
  accepts: false,
  payeeField: 'VK_REC_ACC',
}

/** The bank's server tells of the attempt with that number. Throws unless the hub believes it. */
export const swedbankSays = async (
  hub: Pick<Stage, 'clock' | 'root'>,
  number: string,
  { says, money = { amountMinor: 12_345, currency: 'EUR' }, paymentNumber = '10001' }: SwedbankWord,
): Promise<void> => {
  const now = hub.clock.now()
  const fields = { VK_SERVICE: '1012', VK_STAMP: number, VK_MSG: 'NIN', VK_LANG: 'LAT' }
  const order = {
    id: number,
    contract: CONTRACT,
    fields,
    ordered: money,
    madeAt: now,
    status: 'paid',
    paymentNumber,
  } as const
  const bank = { ...bankKeys(demoKeys()), now, nonce: '', root: '' }
  const written = await answer(order, says, 'Y', { rules: RULES, flaw: undefined, bank })
  const answered = await fetch(`${hub.root}/psp/swedbank-lv/${CONTRACT.agreement}/notice?${queryOf(written)}`)
  if (answered.status !== 200) throw new Error(`the hub answered ${answered.status}`)
}
