import { MINUTE_MS } from '../../kernel/time.ts'
import type { Choice } from '../simulator.ts'

/** What a tester can decide at a simulated IPizza bank, as data: what the bank takes, what its server sends, what the payer carries. */
export type Decision = Choice & {
  /** What happens to the money. Absent: none is taken. */
  readonly takes?: 'as ordered' | 'one cent less' | 'another currency'
  /** When its server tells of it, after the decision. */
  readonly notices: readonly { readonly afterMs: number }[]
  /** How the payer's browser brings the answer. Absent: the payer does not come back. */
  readonly back?: 'POST' | 'GET'
  readonly flaw?: Flaw
  /** Before the answer of its server, and with the payer, it tells that the order was taken for processing. */
  readonly acceptedFirst?: true
}

/** What is wrong with every message of this decision. */
export type Flaw =
  | 'bad signature'
  | 'stranger’s key'
  | 'next key'
  | 'another merchant'
  | 'another charset'
  | 'an older message'

/** Where the bank's server tells of refusals too. */
export const CANCEL_TOLD: Decision = {
  id: 'cancel',
  group: 'usual',
  name: { lv: 'Atcelt', en: 'Cancel' },
  tells: { lv: 'Atteikums pienāk no servera un ar maksātāju.', en: 'The refusal comes by server and by payer.' },
  notices: [{ afterMs: 0 }],
  back: 'POST',
}

const LATE_MS = 2 * MINUTE_MS
const atOnce = [{ afterMs: 0 }] as const

/** Where the bank may take an order for processing first. */
export const ACCEPTED_FIRST: Decision = {
  id: 'accepted_first',
  group: 'usual',
  name: { lv: 'Pieņemt, apmaksāt vēlāk', en: 'Accept, pay later' },
  tells: {
    lv: 'Pieņemts (1201) uzreiz, apmaksāts pēc 2 minūtēm.',
    en: 'Accepted (1201) at once, paid after 2 minutes.',
  },
  takes: 'as ordered',
  notices: [{ afterMs: LATE_MS }],
  back: 'POST',
  acceptedFirst: true,
}

export const DECISIONS: readonly Decision[] = [
  {
    id: 'pay',
    group: 'usual',
    name: { lv: 'Apmaksāt', en: 'Pay' },
    tells: { lv: 'Paziņojums un atgriešanās (POST) uzreiz.', en: 'Notice and return (POST) at once.' },
    takes: 'as ordered',
    notices: atOnce,
    back: 'POST',
  },
  {
    id: 'pay_back_by_get',
    group: 'usual',
    name: { lv: 'Apmaksāt, atgriezties ar GET', en: 'Pay, return by GET' },
    tells: { lv: 'Atbilde ir adreses vaicājumā.', en: 'The answer is in the query of the address.' },
    takes: 'as ordered',
    notices: atOnce,
    back: 'GET',
  },
  {
    id: 'cancel',
    group: 'usual',
    name: { lv: 'Atcelt', en: 'Cancel' },
    tells: {
      lv: 'Maksātājs atgriežas ar atteikumu; serveris klusē.',
      en: 'The payer brings the refusal; the server is silent.',
    },
    notices: [],
    back: 'POST',
  },
  {
    id: 'close_window',
    group: 'usual',
    name: { lv: 'Aizvērt logu', en: 'Close the window' },
    tells: { lv: 'Nav apmaksāts, un neviens neko nesaka.', en: 'Not paid, and nobody says anything.' },
    notices: [],
  },
  {
    id: 'return_lost',
    group: 'trouble',
    name: { lv: 'Apmaksāt, neatgriezties', en: 'Pay, the return is lost' },
    tells: { lv: 'Pienāk tikai paziņojums.', en: 'Only the notice arrives.' },
    takes: 'as ordered',
    notices: atOnce,
  },
  {
    id: 'notice_lost',
    group: 'trouble',
    name: { lv: 'Apmaksāt, paziņojums pazūd', en: 'Pay, the notice is lost' },
    tells: { lv: 'Pienāk tikai maksātājs.', en: 'Only the payer arrives.' },
    takes: 'as ordered',
    notices: [],
    back: 'POST',
  },
  {
    id: 'both_lost',
    group: 'trouble',
    name: { lv: 'Apmaksāt, pazūd viss', en: 'Pay, everything is lost' },
    tells: { lv: 'To rādīs tikai konta izraksts.', en: 'Only the bank statement will tell.' },
    takes: 'as ordered',
    notices: [],
  },
  {
    id: 'notice_late',
    group: 'trouble',
    name: { lv: 'Apmaksāt, paziņojums kavējas', en: 'Pay, the notice is late' },
    tells: { lv: 'Maksātājs uzreiz, paziņojums pēc 2 minūtēm.', en: 'The payer at once, the notice after 2 minutes.' },
    takes: 'as ordered',
    notices: [{ afterMs: LATE_MS }],
    back: 'POST',
  },
  {
    id: 'paid_later',
    group: 'trouble',
    name: { lv: 'Apmaksāt, neatgriezties, paziņojums kavējas', en: 'Pay, no return, and the notice is late' },
    tells: { lv: 'Tikai paziņojums, pēc 2 minūtēm.', en: 'Only the notice, after 2 minutes.' },
    takes: 'as ordered',
    notices: [{ afterMs: LATE_MS }],
  },
  {
    id: 'notice_twice',
    group: 'trouble',
    name: { lv: 'Apmaksāt, paziņojums divreiz', en: 'Pay, the notice comes twice' },
    tells: { lv: 'Divi vienādi paziņojumi.', en: 'The same notice, two times.' },
    takes: 'as ordered',
    notices: [{ afterMs: 0 }, { afterMs: 0 }],
    back: 'POST',
  },
  {
    id: 'next_key',
    group: 'trouble',
    name: { lv: 'Apmaksāt, parakstīt ar nākamo atslēgu', en: 'Pay, signed with the next key' },
    tells: { lv: 'Banka ir nomainījusi atslēgu.', en: 'The bank has rolled its key.' },
    takes: 'as ordered',
    notices: atOnce,
    back: 'POST',
    flaw: 'next key',
  },
  {
    id: 'other_charset',
    group: 'trouble',
    name: { lv: 'Apmaksāt, cits kodējums', en: 'Pay, in another charset' },
    tells: { lv: 'Rakstīts WINDOWS-1257, kaut saka UTF-8.', en: 'Written in WINDOWS-1257, though it says UTF-8.' },
    takes: 'as ordered',
    notices: atOnce,
    back: 'POST',
    flaw: 'another charset',
  },
  {
    id: 'wrong_amount',
    group: 'hostile',
    name: { lv: 'Apmaksāt citu summu', en: 'Pay another amount' },
    tells: { lv: 'Par vienu centu mazāk, parakstīts pareizi.', en: 'One cent less, rightly signed.' },
    takes: 'one cent less',
    notices: atOnce,
    back: 'POST',
  },
  {
    id: 'wrong_currency',
    group: 'hostile',
    name: { lv: 'Apmaksāt citā valūtā', en: 'Pay in another currency' },
    tells: { lv: 'Tas pats skaitlis, cita valūta.', en: 'The same figure in another currency.' },
    takes: 'another currency',
    notices: atOnce,
    back: 'POST',
  },
  {
    id: 'bad_signature',
    group: 'hostile',
    name: { lv: 'Sabojāts paraksts', en: 'Bad signature' },
    tells: { lv: 'Nav apmaksāts; paraksts neder.', en: 'Not paid; the signature does not fit.' },
    notices: atOnce,
    back: 'POST',
    flaw: 'bad signature',
  },
  {
    id: 'strangers_key',
    group: 'hostile',
    name: { lv: 'Sveša atslēga', en: 'A stranger’s key' },
    tells: { lv: 'Nav apmaksāts; parakstījis kāds cits.', en: 'Not paid; somebody else has signed.' },
    notices: atOnce,
    back: 'POST',
    flaw: 'stranger’s key',
  },
  {
    id: 'other_merchant',
    group: 'hostile',
    name: { lv: 'Cita saņēmēja paziņojums', en: 'Another merchant’s notice' },
    tells: { lv: 'Paraksts īsts, adresāts svešs.', en: 'Rightly signed, addressed to another.' },
    notices: atOnce,
    back: 'POST',
    flaw: 'another merchant',
  },
  {
    id: 'replay',
    group: 'hostile',
    name: { lv: 'Vecs paziņojums vēlreiz', en: 'Replay of an old notice' },
    tells: { lv: 'Cita maksājuma atbilde uz šī adresi.', en: 'Another payment’s answer at this one’s address.' },
    notices: atOnce,
    back: 'POST',
    flaw: 'an older message',
  },
]
