import type { Reading } from '../../src/channels/channel.ts'
import type { AttemptId } from '../../src/kernel/ids.ts'
import type { Instant } from '../../src/kernel/time.ts'
import type { Fact, Heard, PaymentState, Source } from '../../src/payments/facts.ts'
import { hear, stateOf } from '../../src/payments/payment.ts'
import { heardFrom } from '../../src/payments/readings.ts'
import { viewOf } from '../../src/payments/view.ts'
import { begun, ordered, START } from './facts.ts'
import { verdictOf, whatThePageSays } from './oracle.ts'

/** One thing that can be heard of an attempt, as its channel read it. */
export type Letter = { readonly name: string; readonly source: Source; readonly readings: readonly Reading[] }

export type EveryOrder = {
  readonly subsets: number
  readonly sequences: number
  /** Sequences that ended elsewhere than others of the same letters, or than the rule book says; none when the law holds. */
  readonly findings: readonly string[]
}

/** The longest sequence. Each message comes first, last and between: six is three repetitions of two, or two of three. */
const LONGEST = 6
const MAX_FINDINGS = 5

/**
 * Lets the heart hear every sequence of the letters, with repetition, and compares where those of the same letters end: what the API
 * shows, to the byte. `echo`: what must come back equal.
 */
export const everyOrder = (
  letters: readonly Letter[],
  attempt: AttemptId,
  echo: Readonly<Record<string, string>> = {},
): EveryOrder => {
  const first: readonly Fact[] = [ordered(), begun(attempt, { echo })]
  const shown = new Map<number, { readonly view: string; readonly status: string }>()
  const findings: string[] = []
  let sequences = 0
  const goOn = (facts: readonly Fact[], path: readonly Letter[], mask: number): void => {
    if (path.length === LONGEST) return
    for (const [place, letter] of letters.entries()) {
      const now = START + path.length + 1
      const heard = hear(facts, heardOf(letter, attempt, now), now)
      const after = [...facts, ...heard.facts]
      const [names, set] = [[...path, letter], mask | (1 << place)]
      const told = tell(heard.state)
      const known = shown.get(set)
      if (!known) {
        shown.set(set, told)
        if (!asTheRuleBook(after)) findings.push(`the rule book says otherwise: ${nameOf(names)}`)
      } else if (known.view !== told.view && findings.length < MAX_FINDINGS) {
        findings.push(`${nameOf(names)} ends ${told.status}: ${told.view}, and not ${known.view}`)
      }
      sequences += 1
      goOn(after, names, set)
    }
  }
  goOn(first, [], 0)
  return { subsets: shown.size, sequences, findings }
}

const nameOf = (letters: readonly Letter[]): string => letters.map(({ name }) => name).join(', ')

const heardOf = ({ source, readings }: Letter, attempt: AttemptId, now: Instant): readonly Heard[] => [
  ...(source === 'enquiry'
    ? [{ fact: 'outcome', key: `out:${now}`, at: now, attempt, of: 'enquire', result: 'answered' } as const]
    : []),
  ...heardFrom(readings, source, attempt, now),
]

const tell = (state: PaymentState) => ({
  view: JSON.stringify(viewOf(ROW, state)),
  status: [state.status, ...state.attention.map(({ flag }) => flag)].join(' + '),
})

const asTheRuleBook = (facts: readonly Fact[]): boolean =>
  JSON.stringify(verdictOf(stateOf(facts))) === JSON.stringify(whatThePageSays(facts))

const ROW: Parameters<typeof viewOf>[0] = {
  merchant: 'liepkalni',
  id: 'pay_1',
  eService: 'property-tax',
  mode: 'test',
  payToken: '',
  details: {
    description: { en: 'Property tax 2026' },
    returnUrl: 'https://shop.example',
    account: null,
    payer: null,
    paymentReference: null,
    language: 'en',
    channel: null,
    channels: null,
    metadata: {},
  },
  holdsReference: true,
  reference: 'NIN-2026-000123',
  sequence: 0,
  createdAt: START,
  traceparent: null,
}
