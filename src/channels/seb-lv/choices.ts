import { MINUTE_MS, SECOND_MS } from '../../kernel/time.ts'
import type { Choice } from '../simulator.ts'

/** What the bank can say: accepted (0003), executed or cancelled (0004). */
export type Word = 'accepted' | 'accomplished' | 'cancelled'

/** What a server sends. The bank's own 0003 has `onceTaken`: it is repeated until it is answered 200, and only then these leave. */
export type Notice = { readonly word: Word; readonly afterMs: number; readonly onceTaken?: readonly Notice[] }

/** What a tester can decide at the simulated bank, as data: what it takes, what its server sends, what the payer carries. */
export type Decision = Choice & {
  /** What happens to the money. Absent: none is taken. */
  readonly takes?: 'as ordered' | 'one cent less' | 'another currency'
  readonly notices: readonly Notice[]
  /** What the payer's browser brings, and how. Absent: the payer does not come back. */
  readonly back?: { readonly word: Word; readonly method: 'POST' | 'GET' }
  readonly flaw?: Flaw
}

/** What is wrong with every message of this decision. */
export type Flaw =
  | 'bad signature'
  | 'stranger’s key'
  | 'next key'
  | 'another merchant'
  | 'older version'
  | 'an older message'

const EXECUTED_MS = 2 * SECOND_MS
const LATE_MS = 2 * MINUTE_MS

const accomplished = (afterMs: number): Notice => ({ word: 'accomplished', afterMs })
const accepted = (afterMs: number, ...onceTaken: readonly Notice[]): Notice => ({
  word: 'accepted',
  afterMs,
  onceTaken,
})
const inOrder = [accepted(0, accomplished(EXECUTED_MS))]
/** Who forges does not wait to be believed. */
const forged: readonly Notice[] = [{ word: 'accepted', afterMs: 0 }, accomplished(EXECUTED_MS)]
const back = { word: 'accepted', method: 'POST' } as const

const USUAL: readonly Decision[] = [
  {
    id: 'pay',
    name: { lv: 'Apmaksāt', en: 'Pay' },
    tells: { lv: 'Pieņemts uzreiz, izpildīts pēc 2 sekundēm.', en: 'Accepted at once, executed after 2 seconds.' },
    takes: 'as ordered',
    notices: inOrder,
    back,
  },
  {
    id: 'pay_back_by_get',
    name: { lv: 'Apmaksāt, atgriezties ar GET', en: 'Pay, return by GET' },
    tells: { lv: 'Atbilde ir adreses vaicājumā.', en: 'The answer is in the query of the address.' },
    takes: 'as ordered',
    notices: inOrder,
    back: { word: 'accepted', method: 'GET' },
  },
  {
    id: 'cancel',
    name: { lv: 'Atcelt', en: 'Cancel' },
    tells: { lv: 'To saka gan maksātājs, gan serveris.', en: 'Both the payer and the server say so.' },
    notices: [{ word: 'cancelled', afterMs: 0 }],
    back: { word: 'cancelled', method: 'POST' },
  },
  {
    id: 'close_window',
    name: { lv: 'Aizvērt logu', en: 'Close the window' },
    tells: { lv: 'Nav apmaksāts, un neviens neko nesaka.', en: 'Not paid, and nobody says anything.' },
    notices: [],
  },
]

const TROUBLE: readonly Decision[] = [
  {
    id: 'return_lost',
    name: { lv: 'Apmaksāt, neatgriezties', en: 'Pay, the return is lost' },
    tells: { lv: 'Pienāk tikai paziņojumi.', en: 'Only the notices arrive.' },
    takes: 'as ordered',
    notices: inOrder,
  },
  {
    id: 'notice_lost',
    name: { lv: 'Apmaksāt, paziņojumi pazūd', en: 'Pay, the notices are lost' },
    tells: { lv: 'Maksātājs zina tikai, ka pieņemts.', en: 'The payer knows only that it was accepted.' },
    takes: 'as ordered',
    notices: [],
    back,
  },
  {
    id: 'both_lost',
    name: { lv: 'Apmaksāt, pazūd viss', en: 'Pay, everything is lost' },
    tells: { lv: 'To rādīs tikai konta izraksts.', en: 'Only the bank statement will tell.' },
    takes: 'as ordered',
    notices: [],
  },
  {
    id: 'notice_late',
    name: { lv: 'Apmaksāt, izpilde kavējas', en: 'Pay, executed late' },
    tells: { lv: 'Pieņemts uzreiz, izpildīts pēc 2 minūtēm.', en: 'Accepted at once, executed after 2 minutes.' },
    takes: 'as ordered',
    notices: [accepted(0, accomplished(LATE_MS))],
    back,
  },
  {
    id: 'notice_twice',
    name: { lv: 'Apmaksāt, paziņojumi divreiz', en: 'Pay, the notices come twice' },
    tells: { lv: 'Katrs paziņojums divas reizes.', en: 'Each notice, two times.' },
    takes: 'as ordered',
    notices: [accepted(0), accepted(0, accomplished(EXECUTED_MS), accomplished(EXECUTED_MS))],
    back,
  },
  {
    id: 'reordered',
    name: { lv: 'Apmaksāt, izpildīts pirms pieņemts', en: 'Pay, executed is told before accepted' },
    tells: { lv: '0004 pirms 0003; maksātājs neatgriežas.', en: '0004 before 0003; the payer does not return.' },
    takes: 'as ordered',
    notices: [accomplished(0), accepted(EXECUTED_MS)],
  },
  {
    id: 'accepted_lost',
    name: { lv: 'Apmaksāt, 0003 pazūd', en: 'Pay, 0003 is lost' },
    tells: {
      lv: 'No servera pienāk tikai 0004, bez summas; summu atnes maksātājs.',
      en: 'Only 0004 comes by server, without an amount; the payer brings the amount.',
    },
    takes: 'as ordered',
    notices: [accomplished(0)],
    back,
  },
  {
    id: 'cancelled_later',
    name: { lv: 'Pieņemt, tad neizpildīt', en: 'Accept, then not execute' },
    tells: { lv: 'Pēc 2 minūtēm banka atceļ.', en: 'After 2 minutes the bank cancels.' },
    notices: [accepted(0, { word: 'cancelled', afterMs: LATE_MS })],
    back,
  },
  {
    id: 'next_key',
    name: { lv: 'Apmaksāt, parakstīt ar nākamo atslēgu', en: 'Pay, signed with the next key' },
    tells: { lv: 'Banka ir nomainījusi atslēgu.', en: 'The bank has rolled its key.' },
    takes: 'as ordered',
    notices: inOrder,
    back,
    flaw: 'next key',
  },
  {
    id: 'older_version',
    name: { lv: 'Apmaksāt, atbildēt ar versiju 001', en: 'Pay, answered in version 001' },
    tells: { lv: 'Parakstīts ar SHA-1.', en: 'Signed with SHA-1.' },
    takes: 'as ordered',
    notices: inOrder,
    back,
    flaw: 'older version',
  },
]

const HOSTILE: readonly Decision[] = [
  {
    id: 'wrong_amount',
    name: { lv: 'Apmaksāt citu summu', en: 'Pay another amount' },
    tells: { lv: 'Par vienu centu mazāk, parakstīts pareizi.', en: 'One cent less, rightly signed.' },
    takes: 'one cent less',
    notices: inOrder,
    back,
  },
  {
    id: 'wrong_currency',
    name: { lv: 'Apmaksāt citā valūtā', en: 'Pay in another currency' },
    tells: { lv: 'Tas pats skaitlis, cita valūta.', en: 'The same figure in another currency.' },
    takes: 'another currency',
    notices: inOrder,
    back,
  },
  {
    id: 'bad_signature',
    name: { lv: 'Sabojāts paraksts', en: 'Bad signature' },
    tells: { lv: 'Nav apmaksāts; paraksts neder.', en: 'Not paid; the signature does not fit.' },
    notices: forged,
    back,
    flaw: 'bad signature',
  },
  {
    id: 'strangers_key',
    name: { lv: 'Sveša atslēga', en: 'A stranger’s key' },
    tells: { lv: 'Nav apmaksāts; parakstījis kāds cits.', en: 'Not paid; somebody else has signed.' },
    notices: forged,
    back,
    flaw: 'stranger’s key',
  },
  {
    id: 'other_merchant',
    name: { lv: 'Cita saņēmēja paziņojums', en: 'Another merchant’s notice' },
    tells: { lv: 'Paraksts īsts, adresāts svešs.', en: 'Rightly signed, addressed to another.' },
    notices: forged,
    back,
    flaw: 'another merchant',
  },
  {
    id: 'replay',
    name: { lv: 'Vecs paziņojums vēlreiz', en: 'Replay of old notices' },
    tells: { lv: 'Cita maksājuma atbildes uz šo adresi.', en: 'Another payment’s answers at this one’s address.' },
    notices: forged,
    back,
    flaw: 'an older message',
  },
]

export const DECISIONS: readonly (Decision & { readonly group: NonNullable<Choice['group']> })[] = [
  ...USUAL.map((one) => ({ ...one, group: 'usual' as const })),
  ...TROUBLE.map((one) => ({ ...one, group: 'trouble' as const })),
  ...HOSTILE.map((one) => ({ ...one, group: 'hostile' as const })),
]
