import type { Language, Localized } from '../kernel/language.ts'
import type { SentMessage, SimulatorAnswer, Turn } from './simulator.ts'

/** What every simulated bank says to the person in front of it, whatever its protocol. */

const LANGUAGES: Readonly<Record<string, Language>> = { LAT: 'lv', EST: 'et', LIT: 'lt', ENG: 'en', RUS: 'ru' }

/** The language that an order names by the three letters of Baltic bank links (VK_LANG, IB_LANG). */
export const languageOf = (code: string | undefined): { readonly language?: Language } => {
  const language = LANGUAGES[code ?? '']
  return language === undefined ? {} : { language }
}

export const turn = <State>(state: State, answer: SimulatorAnswer, send: readonly SentMessage[] = []): Turn<State> => ({
  state,
  answer,
  send,
})

export const sentence = (status: number, text: Localized): SimulatorAnswer => ({ kind: 'sentence', status, text })

/** That an order is no longer open, to a payer who comes again. */
export const decidedSentence = (status: 'paid' | 'cancelled', language: string | undefined): SimulatorAnswer => ({
  ...(status === 'paid' ? sentence(200, ALREADY_PAID) : sentence(200, CANCELLED)),
  ...languageOf(language),
})

/** Of an order as it came; `why` names the field. */
export const refusal = (why: string): SimulatorAnswer =>
  sentence(400, { lv: `Banka nepieņem šo rīkojumu: ${why}.`, en: `The bank does not take this order: ${why}.` })

export const WINDOW_CLOSED = {
  lv: 'Maksātājs ir aizvēris logu. Šo lapu var aizvērt.',
  en: 'The payer has closed the window. You may close this page.',
}
export const NO_SUCH_ORDER = { lv: 'Šāda rīkojuma bankā nav.', en: 'The bank has no such order.' }
const ALREADY_PAID = { lv: 'Šis rīkojums jau ir apmaksāts.', en: 'This order has already been paid.' }
const CANCELLED = { lv: 'Šis rīkojums ir atcelts.', en: 'This order has been cancelled.' }
export const NOTHING_OLDER = {
  lv: 'Banka vēl nav atbildējusi ne uz vienu citu rīkojumu: vispirms apmaksājiet kādu.',
  en: 'The bank has not answered any other order yet: pay one first.',
}
