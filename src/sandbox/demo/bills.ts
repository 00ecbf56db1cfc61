import type { Localized } from '../../kernel/language.ts'
import type { Instant } from '../../kernel/time.ts'

/** What the e-service keeps of its bills: pure, so that a reader sees in one place what an integration has to remember. */

export type Bill = {
  readonly id: string
  readonly place: Localized
  readonly kind: Localized
  readonly cadastre: string
  readonly amountMinor: number
  /** The reference its payments carry. */
  readonly reference: string
  /** Ordered for it, the latest last. Former ones are kept: one that was given up can still be paid. */
  readonly payments: readonly KnownPayment[]
}

/** What is known of one payment. */
export type KnownPayment = {
  readonly id: string
  readonly payUrl: string
  /** As the last answer or notice told; never as a browser told. */
  readonly status: string
  readonly final: boolean
  readonly attention: readonly string[]
  readonly refundedAmount: number
  /** Of the last notice taken in; 0 before the first. */
  readonly sequence: number
  readonly heard: readonly Heard[]
}

/** One line of how the e-service came to know. `returned`: what a browser carried; shown, and nothing more. */
export type Heard = {
  readonly from: 'answer' | 'notice' | 'returned'
  readonly status: string
  readonly at: Instant
  readonly sequence?: number
}

export type Told = {
  readonly id: string
  readonly reference: string
  readonly status: string
  readonly final: boolean
  readonly attention: readonly string[]
  readonly refundedAmount: number
}

export const isPaid = (bill: Bill): boolean => bill.payments.some((payment) => payment.status === 'executed')

/** The payment that can still be paid, if there is one. */
export const openPayment = (bill: Bill): KnownPayment | undefined => bill.payments.findLast((payment) => !payment.final)

/** What the bill's state is shown by: the payment that paid it, else the latest. */
export const shownPayment = (bill: Bill): KnownPayment | undefined =>
  bill.payments.find((payment) => payment.status === 'executed') ?? bill.payments.at(-1)

/** The hub answered our order, or told us of the one that already has this reference. */
export const ordered = (bill: Bill, told: Told, payUrl: string, at: Instant): Bill => ({
  ...bill,
  payments: [
    ...bill.payments.filter((payment) => payment.id !== told.id),
    { ...told, payUrl, sequence: 0, heard: [{ from: 'answer', status: told.status, at }] },
  ],
})

const changed = (bill: Bill, id: string, to: (payment: KnownPayment) => KnownPayment): Bill => ({
  ...bill,
  payments: bill.payments.map((payment) => (payment.id === id ? to(payment) : payment)),
})

/** A verified notice. One whose sequence has been passed changes nothing: the newer one held the whole payment. */
export const noticed = (bill: Bill, told: Told, sequence: number, at: Instant): Bill =>
  changed(bill, told.id, (payment) =>
    sequence <= payment.sequence
      ? payment
      : {
          ...payment,
          ...told,
          sequence,
          heard: [...payment.heard, { from: 'notice', status: told.status, sequence, at }],
        },
  )

/** The payer is back with a token that verifies: kept for show; the bill stays as it was. */
export const returned = (bill: Bill, id: string, status: string, at: Instant): Bill =>
  changed(bill, id, (payment) => {
    const last = payment.heard.at(-1)
    const again = last?.from === 'returned' && last.status === status
    return again ? payment : { ...payment, heard: [...payment.heard, { from: 'returned', status, at }] }
  })

/** The year's bills of an invented resident. `period` makes the references of this run its own. */
export const newBills = (period: string): readonly Bill[] =>
  PROPERTIES.map((property, at) => ({
    ...property,
    id: String(at + 1),
    reference: `NIN-${period}-${at + 1}`,
    payments: [],
  }))

/** Invented: no cadastral territory begins with 99. */
const PROPERTIES = [
  {
    place: { lv: 'Liepu iela 12, Liepkalni', en: 'Liepu iela 12, Liepkalni' },
    kind: { lv: 'Zeme un dzīvojamā māja', en: 'Land and dwelling house' },
    cadastre: '9900 001 0012',
    amountMinor: 8640,
  },
  {
    place: { lv: 'Kalna iela 3–17, Liepkalni', en: 'Kalna iela 3–17, Liepkalni' },
    kind: { lv: 'Dzīvoklis', en: 'Flat' },
    cadastre: '9900 900 0317',
    amountMinor: 2415,
  },
  {
    place: { lv: '“Mežmaļi”, Liepkalnu pagasts', en: '“Mežmaļi”, Liepkalni parish' },
    kind: { lv: 'Lauksaimniecības zeme', en: 'Farm land' },
    cadastre: '9900 014 0105',
    amountMinor: 5370,
  },
]
