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
  /** What the subsets end in: statuses with their flags, each told once. */
  readonly ends: readonly string[]
  /** Sequences that ended elsewhere than others of the same letters, or than the rule book says; none when the law holds. */
  readonly findings: readonly string[]
}

/** The longest sequence. Each message comes first, last and between: six is three repetitions of two, or two of three. */
const LONGEST = 6
const MAX_FINDINGS = 5

/** Where sequences have come to that heard the same facts in the same order, and nothing else. */
type Place = {
  readonly facts: readonly Fact[]
  readonly set: number
  /** One of the sequences that lead here. */
  readonly path: readonly Letter[]
}
type Walk = { readonly letters: readonly Letter[]; readonly attempt: AttemptId; readonly steps: Map<string, Place> }

/**
 * Lets the heart hear every sequence of the letters, with repetition, and compares where those of the same letters end: what the API
 * shows, to the byte. `echo`: what must come back equal. The heart is a function and knows no clock: sequences that came to the same
 * facts, in the same order, go on alike, so that each step from there is made once and counted for all of them.
 */
export const everyOrder = (
  letters: readonly Letter[],
  attempt: AttemptId,
  echo: Readonly<Record<string, string>> = {},
): EveryOrder => {
  const walk: Walk = { letters, attempt, steps: new Map() }
  const shown = new Map<number, Told>()
  const findings: string[] = []
  let sequences = 0
  let ahead: ReadonlyMap<Place, number> = new Map([
    [{ facts: [ordered(), begun(attempt, { echo })], set: 0, path: [] }, 1],
  ])
  for (let length = 1; length <= LONGEST; length++) {
    const reached = new Map<Place, number>()
    for (const [from, count] of ahead)
      for (const place of letters.keys()) {
        const { to, told } = stepFrom(walk, from, place)
        if (told) judge(shown, findings, to, told)
        reached.set(to, (reached.get(to) ?? 0) + count)
        sequences += count
      }
    ahead = reached
  }
  const ends = [...new Set([...shown.values()].map(({ status }) => status))]
  return { subsets: shown.size, sequences, ends, findings }
}

/** `told`: what is shown there, when nobody stepped there before. */
const stepFrom = (
  { letters, attempt, steps }: Walk,
  from: Place,
  at: number,
): { readonly to: Place; readonly told?: Told } => {
  const letter = letters[at]
  if (!letter) throw new Error(`there is no letter ${at}`)
  const now = START + from.facts.length
  const set = from.set | (1 << at)
  const step = `${at} after ${nameOfFacts(from)}`
  const known = steps.get(step)
  if (known) return { to: known }
  const heard = hear(from.facts, heardOf(letter, attempt, now), now)
  const facts = [...from.facts, ...heard.facts]
  const place = nameOfFacts({ facts, set })
  const to = steps.get(place) ?? { facts, set, path: [...from.path, letter] }
  steps.set(step, to)
  steps.set(place, to)
  return { to, told: tell(heard.state) }
}

const nameOfFacts = ({ facts, set }: Pick<Place, 'facts' | 'set'>): string =>
  [set, ...facts.map(({ key }) => key)].join(' ')

const judge = (shown: Map<number, Told>, findings: string[], { set, facts, path }: Place, told: Told): void => {
  const known = shown.get(set)
  if (!known) {
    shown.set(set, told)
    if (!asTheRuleBook(facts)) findings.push(`the rule book says otherwise: ${nameOf(path)}`)
  } else if (known.view !== told.view && findings.length < MAX_FINDINGS) {
    findings.push(`${nameOf(path)} ends ${told.status}: ${told.view}, and not ${known.view}`)
  }
}

const nameOf = (letters: readonly Letter[]): string => letters.map(({ name }) => name).join(', ')

const heardOf = ({ source, readings }: Letter, attempt: AttemptId, now: Instant): readonly Heard[] => [
  ...(source === 'enquiry'
    ? [{ fact: 'outcome', key: `out:${now}`, at: now, attempt, of: 'enquire', result: 'answered' } as const]
    : []),
  ...heardFrom(readings, source, attempt, now),
]

type Told = { readonly view: string; readonly status: string }

const tell = (state: PaymentState): Told => ({
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
