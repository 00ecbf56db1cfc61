import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../../kernel/time.ts'
import type { Choice } from '../simulator.ts'
import type { BookedOrder, PaymentView, Status } from './books.ts'

/** What a tester can decide, as data: what becomes of the order, which notices leave the bank, what the payer's browser brings. */
export type Decision = Choice & {
  readonly fate: readonly { readonly afterMs: number; readonly status: Status }[]
  readonly notices: readonly PlannedNotice[]
  /** What the returning browser claims; absent: the payer does not come back. */
  readonly back?: 'paid' | 'processing' | 'declined' | 'cancelled' | 'created'
  /** The bank takes something else than was ordered. */
  readonly takes?: (order: BookedOrder) => Pick<BookedOrder, 'taken' | 'paidTo'>
  readonly refundAfterMs?: number
  readonly reversalAfterMs?: number
}

export type PlannedNotice = {
  readonly afterMs: number
  /** Which moment it tells of, where that is not the moment of sending. */
  readonly tellsOfMs?: number
  readonly forgery?: Forgery
}

/** A message that the bank never meant: it claims `paid`, and its own flaw. */
export type Forgery = {
  readonly flaw: 'bad_signature' | 'strangers_key' | 'replay' | 'altered'
  readonly alter?: (view: PaymentView) => PaymentView
}

/** How long a payment that was taken for processing takes. */
export const PROCESSING_MS = 30 * SECOND_MS
const LATE_MS = 2 * MINUTE_MS
const paidNow = [{ afterMs: 0, status: 'paid' }] as const
const now = [{ afterMs: 0 }] as const
const forged = (flaw: Forgery['flaw'], alter?: Forgery['alter']): readonly PlannedNotice[] => [
  { afterMs: 0, forgery: alter ? { flaw, alter } : { flaw } },
]

export const DECISIONS: readonly Decision[] = [
  {
    id: 'pay',
    group: 'usual',
    name: { lv: 'Apmaksāt', en: 'Pay' },
    tells: { lv: 'Paziņojums un atgriešanās uzreiz.', en: 'Notice and return at once.' },
    fate: paidNow,
    notices: now,
    back: 'paid',
  },
  {
    id: 'processing',
    group: 'usual',
    name: { lv: 'Pieņemt, apmaksāt pēc 30 sekundēm', en: 'Accept, paid 30 seconds later' },
    tells: { lv: 'Vispirms “apstrādē”, pēc tam “apmaksāts”.', en: 'First “processing”, then “paid”.' },
    fate: [
      { afterMs: 0, status: 'processing' },
      { afterMs: PROCESSING_MS, status: 'paid' },
    ],
    notices: [{ afterMs: 0 }, { afterMs: PROCESSING_MS }],
    back: 'processing',
  },
  {
    id: 'decline',
    group: 'usual',
    name: { lv: 'Noraidīt', en: 'Decline' },
    tells: { lv: 'Banka atsaka, piemēram, nepietiek līdzekļu.', en: 'The bank says no, e.g. not enough money.' },
    fate: [{ afterMs: 0, status: 'declined' }],
    notices: now,
    back: 'declined',
  },
  {
    id: 'cancel',
    group: 'usual',
    name: { lv: 'Atcelt', en: 'Cancel' },
    tells: { lv: 'Maksātājs pārdomā un atgriežas.', en: 'The payer thinks better of it and goes back.' },
    fate: [{ afterMs: 0, status: 'cancelled' }],
    notices: now,
    back: 'cancelled',
  },
  {
    id: 'close_window',
    group: 'usual',
    name: { lv: 'Aizvērt logu', en: 'Close the window' },
    tells: {
      lv: 'Neviens neko nesūta; pasūtījums bankā noilgst.',
      en: 'Nobody sends anything; the order expires at the bank.',
    },
    fate: [],
    notices: [],
  },
  {
    id: 'return_lost',
    group: 'trouble',
    name: { lv: 'Apmaksāt, neatgriezties', en: 'Pay, the return is lost' },
    tells: { lv: 'Pienāk tikai paziņojums.', en: 'Only the notice arrives.' },
    fate: paidNow,
    notices: now,
  },
  {
    id: 'notice_lost',
    group: 'trouble',
    name: { lv: 'Apmaksāt, paziņojums pazūd', en: 'Pay, the notice is lost' },
    tells: { lv: 'Pienāk tikai maksātājs.', en: 'Only the payer arrives.' },
    fate: paidNow,
    notices: [],
    back: 'paid',
  },
  {
    id: 'both_lost',
    group: 'trouble',
    name: { lv: 'Apmaksāt, pazūd viss', en: 'Pay, everything is lost' },
    tells: { lv: 'Uzzināt var tikai, pajautājot bankai.', en: 'Only asking the bank tells.' },
    fate: paidNow,
    notices: [],
  },
  {
    id: 'notice_late',
    group: 'trouble',
    name: { lv: 'Apmaksāt, paziņojums kavējas', en: 'Pay, the notice is late' },
    tells: { lv: 'Paziņojums pēc 2 minūtēm.', en: 'Notice after 2 minutes.' },
    fate: paidNow,
    notices: [{ afterMs: LATE_MS }],
    back: 'paid',
  },
  {
    id: 'notice_twice',
    group: 'trouble',
    name: { lv: 'Apmaksāt, paziņojums divreiz', en: 'Pay, the notice comes twice' },
    tells: { lv: 'Divi vienādi paziņojumi.', en: 'The same notice, two times.' },
    fate: paidNow,
    notices: [{ afterMs: 0 }, { afterMs: SECOND_MS, tellsOfMs: 0 }],
    back: 'paid',
  },
  {
    id: 'declined_then_paid',
    group: 'trouble',
    name: { lv: 'Noraidīt, tad tomēr apmaksāt', en: 'Decline, then paid after all' },
    tells: { lv: 'Pēc 1 minūtes banka pārdomā.', en: 'The bank thinks again after 1 minute.' },
    fate: [
      { afterMs: 0, status: 'declined' },
      { afterMs: MINUTE_MS, status: 'paid' },
    ],
    notices: [{ afterMs: 0 }, { afterMs: MINUTE_MS }],
    back: 'declined',
  },
  {
    id: 'paid_hours_later',
    group: 'trouble',
    name: { lv: 'Aizvērt logu, apmaksāt pēc 2 stundām', en: 'Close the window, paid 2 hours later' },
    tells: { lv: 'Ilgi pēc bankas pašas termiņa.', en: 'Long after the bank’s own deadline.' },
    fate: [{ afterMs: 2 * HOUR_MS, status: 'paid' }],
    notices: [{ afterMs: 2 * HOUR_MS }],
  },
  {
    id: 'refunded',
    group: 'trouble',
    name: { lv: 'Apmaksāt, banka atmaksā pati', en: 'Pay, refunded at the bank' },
    tells: { lv: 'Pēc 1 minūtes, bez mūsu lūguma.', en: 'After 1 minute, without our asking.' },
    fate: paidNow,
    notices: [{ afterMs: 0 }, { afterMs: MINUTE_MS }],
    back: 'paid',
    refundAfterMs: MINUTE_MS,
  },
  {
    id: 'reversed',
    group: 'trouble',
    name: { lv: 'Apmaksāt, tad atsaukt', en: 'Pay, then reversed' },
    tells: { lv: 'Pēc 1 minūtes nauda tiek paņemta atpakaļ.', en: 'After 1 minute the money is taken back.' },
    fate: paidNow,
    notices: [{ afterMs: 0 }, { afterMs: MINUTE_MS }],
    back: 'paid',
    reversalAfterMs: MINUTE_MS,
  },
  {
    id: 'wrong_amount',
    group: 'hostile',
    name: { lv: 'Apmaksāt citu summu', en: 'Pay another amount' },
    tells: { lv: 'Par vienu centu mazāk, parakstīts pareizi.', en: 'One cent less, rightly signed.' },
    fate: paidNow,
    notices: now,
    back: 'paid',
    takes: ({ ordered, paidTo }) => ({ taken: { ...ordered, amountMinor: ordered.amountMinor - 1 }, paidTo }),
  },
  {
    id: 'wrong_currency',
    group: 'hostile',
    name: { lv: 'Apmaksāt citā valūtā', en: 'Pay in another currency' },
    tells: { lv: 'Tas pats skaitlis, cita valūta.', en: 'The same figure in another currency.' },
    fate: paidNow,
    notices: now,
    back: 'paid',
    takes: ({ ordered, paidTo }) => ({
      taken: { ...ordered, currency: ordered.currency === 'EUR' ? 'SEK' : 'EUR' },
      paidTo,
    }),
  },
  {
    id: 'wrong_account',
    group: 'hostile',
    name: { lv: 'Apmaksāt citam saņēmējam', en: 'Pay somebody else' },
    tells: { lv: 'Nauda nonāk svešā kontā.', en: 'The money goes to a stranger’s account.' },
    fate: paidNow,
    notices: now,
    back: 'paid',
    takes: ({ ordered }) => ({ taken: ordered, paidTo: 'LV88SAND0000000000002' }),
  },
  {
    id: 'bad_signature',
    group: 'hostile',
    name: { lv: 'Sabojāts paraksts', en: 'Bad signature' },
    tells: { lv: 'Nav apmaksāts; paraksts neder.', en: 'Not paid; the signature does not fit.' },
    fate: [],
    notices: forged('bad_signature'),
    back: 'paid',
  },
  {
    id: 'strangers_key',
    group: 'hostile',
    name: { lv: 'Sveša atslēga', en: 'A stranger’s key' },
    tells: { lv: 'Nav apmaksāts; parakstījis kāds cits.', en: 'Not paid; somebody else has signed.' },
    fate: [],
    notices: forged('strangers_key'),
    back: 'paid',
  },
  {
    id: 'other_merchant',
    group: 'hostile',
    name: { lv: 'Cita saņēmēja paziņojums', en: 'Another merchant’s notice' },
    tells: { lv: 'Paraksts īsts, adresāts svešs.', en: 'Rightly signed, addressed to another.' },
    fate: [],
    notices: forged('altered', (view) => ({ ...view, merchant: 'SOMEBODYELSE' })),
    back: 'paid',
  },
  {
    id: 'replay',
    group: 'hostile',
    name: { lv: 'Vecs paziņojums vēlreiz', en: 'Replay of an old notice' },
    tells: { lv: 'Cita maksājuma paziņojums uz šī adresi.', en: 'Another payment’s notice at this one’s address.' },
    fate: [],
    notices: forged('replay'),
    back: 'paid',
  },
  {
    id: 'false_return',
    group: 'hostile',
    name: { lv: 'Viltota atgriešanās', en: 'False return' },
    tells: { lv: 'Pārlūks apgalvo “apmaksāts”; tā nav.', en: 'The browser claims “paid”; it is not so.' },
    fate: [],
    notices: [],
    back: 'paid',
  },
]

/** The bogus gateway's old trick: the last two digits of the amount decide at the page, without a tester. */
export const DECIDED_BY_AMOUNT: Readonly<Record<number, string>> = {
  80: 'pay',
  81: 'decline',
  82: 'cancel',
  83: 'processing',
  84: 'close_window',
}

/** The same for the call that begins a payment: how it goes wrong, and whether the order was booked all the same. */
export const CALLS_BY_AMOUNT: Readonly<Record<number, { readonly goes: CallFault; readonly booked: boolean }>> = {
  90: { goes: 'failing', booked: false },
  91: { goes: 'failing', booked: true },
  92: { goes: 'slow', booked: true },
  93: { goes: 'silent', booked: false },
  94: { goes: 'silent', booked: true },
  95: { goes: 'turning_down', booked: false },
  96: { goes: 'nonsense', booked: false },
}
export type CallFault = 'failing' | 'slow' | 'silent' | 'turning_down' | 'nonsense'
