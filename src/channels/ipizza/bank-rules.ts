import type { BankRules } from './bank-orders.ts'

/** Lengths of an order's fields in the Estonian standard of 2014. */
const ESTONIAN_LENGTHS = {
  VK_SERVICE: 4,
  VK_VERSION: 3,
  VK_SND_ID: 15,
  VK_STAMP: 20,
  VK_AMOUNT: 12,
  VK_CURR: 3,
  VK_ACC: 34,
  VK_NAME: 70,
  VK_REF: 35,
  VK_MSG: 95,
  VK_RETURN: 255,
  VK_CANCEL: 255,
  VK_DATETIME: 24,
  VK_MAC: 700,
  VK_ENCODING: 12,
  VK_LANG: 3,
}

/** An Estonian bank from its own side; what a bank does otherwise is said where its simulator is made. */
export const estonianBank = (channel: string, own: Partial<BankRules>): BankRules => ({
  channel,
  services: ['1001', '1002', '1011', '1012'],
  zone: 'Europe/Tallinn',
  currencies: ['EUR'],
  languages: ['EST', 'ENG', 'RUS'],
  bothTexts: true,
  tellsOfRefusals: false,
  accepts: false,
  payeeField: 'VK_REC_ACC',
  ...own,
  lengths: { ...ESTONIAN_LENGTHS, ...own.lengths },
})
