import type { Example } from './example.ts'
import { ipizzaExamples } from './ipizza/examples.ts'
import { sandboxExamples } from './sandbox/examples.ts'
import { sebLvExamples } from './seb-lv/examples.ts'

export { type Example, replay } from './example.ts'

/** The messages that ship with each channel, to be replayed on any machine: its cryptography may be another. */
export const examples: Readonly<Record<string, () => readonly Example[]>> = {
  'swedbank-lv': () => ipizzaExamples('swedbank-lv', new URL('./swedbank-lv/vectors/ipizza.json', import.meta.url)),
  'seb-lv': sebLvExamples,
  'swedbank-ee': () => ipizzaExamples('swedbank-ee'),
  'seb-ee': () => ipizzaExamples('seb-ee'),
  'lhv-ee': () => ipizzaExamples('lhv-ee'),
  'luminor-ee': () => ipizzaExamples('luminor-ee'),
  'coop-ee': () => ipizzaExamples('coop-ee'),
  'seb-lt': () => ipizzaExamples('seb-lt'),
  sandbox: sandboxExamples,
}
