import type { Reading } from '../../src/channels/channel.ts'
import type { AttemptId } from '../../src/kernel/ids.ts'
import type { Instant } from '../../src/kernel/time.ts'
import type { Fact, Heard, PaymentState, Source } from '../../src/payments/facts.ts'
import { hear } from '../../src/payments/payment.ts'
import { heardFrom } from '../../src/payments/readings.ts'
import { viewOf } from '../../src/payments/view.ts'
import { begun, closed as closedAs, ordered, planEnded, START } from './facts.ts'
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

export type EveryOrderOptions = {
  /** What must come back equal. */
  readonly echo?: Readonly<Record<string, string>>
  /** The heart that is tried; ours when absent. */
  readonly hear?: typeof hear
}

/** The longest sequence. Each message comes first, last and between: six is three repetitions of two, or two of three. */
const LONGEST = 6
/** Of the beginnings after the first: `npm run orders` hears those up to the longest too, which takes too long for every run of the tests. */
const LONGEST_OF_OTHERS = process.env.EVERY_ORDER === 'whole' ? LONGEST : 3
const MAX_FINDINGS = 5

/** What was decided before the first message comes. */
type Beginning = {
  readonly name: string
  readonly decided: readonly Fact[]
  /** The law's exception: a close falls when nothing may be paid any more, so its kind and `paid_late` follow the order of hearing. */
  readonly mayClose?: true
  readonly longest: number
}

const beginningsOf = (
  attempt: AttemptId,
  canAsk: boolean,
  echo: EveryOrderOptions['echo'] = {},
): readonly Beginning[] => {
  const start = begun(attempt, { echo, terms: { canAsk } })
  const asked: Fact = { fact: 'closing_asked', key: 'closing_asked', at: START, as: 'cancelled', by: 'e-service' }
  const ended = planEnded(attempt, canAsk ? 'not_paid' : 'cannot_ask')
  const longest = LONGEST_OF_OTHERS
  return [
    { name: 'many attempts', decided: [ordered(), start], longest: LONGEST },
    { name: 'one attempt', decided: [ordered('one'), start], mayClose: true, longest },
    { name: 'one attempt, a close asked for', decided: [ordered('one'), start, asked], mayClose: true, longest },
    { name: 'past the last moment, closed', decided: [ordered(), start, ended, closedAs('expired')], longest },
  ]
}

/** What is heard of so many letters, counted without hearing it. */
export const reachOf = (letters: number): Pick<EveryOrder, 'subsets' | 'sequences'> => {
  const lengths = [LONGEST, ...Array<number>(3).fill(LONGEST_OF_OTHERS)].flatMap((longest) =>
    Array.from({ length: longest }, (_, before) => before + 1),
  )
  return {
    subsets: lengths.reduce((sum, length) => sum + choose(letters, length), 0),
    sequences: lengths.reduce((sum, length) => sum + letters ** length, 0),
  }
}
const choose = (from: number, some: number): number => (some === 0 ? 1 : (choose(from - 1, some - 1) * from) / some)

/** Where sequences have come to that heard the same facts in the same order, and nothing else. */
type Place = {
  readonly facts: readonly Fact[]
  readonly set: number
  /** One of the sequences that lead here. */
  readonly path: readonly Letter[]
}
type Walk = Required<Pick<EveryOrderOptions, 'hear'>> & {
  readonly letters: readonly Letter[]
  readonly attempt: AttemptId
  readonly beginning: Beginning
  readonly steps: Map<string, Place>
  /** By the set of letters that was heard. */
  readonly shown: Map<number, Told>
  /** Whose end was held against the rule book: a set of letters, and whether it was closed on the way. */
  readonly checked: Set<string>
  readonly findings: string[]
}

/**
 * Lets the heart hear every sequence of the letters, with repetition, after each beginning, and compares where those of the same letters
 * end: what the API shows, to the byte. The heart is a function and knows no clock: sequences that came to the same facts, in the same
 * order, go on alike, so that each step from there is made once and counted for all of them.
 */
export const everyOrder = (
  letters: readonly Letter[],
  attempt: AttemptId,
  { echo, hear: heart = hear }: EveryOrderOptions = {},
): EveryOrder => {
  const canAsk = letters.some(({ source }) => source === 'enquiry')
  const heard = beginningsOf(attempt, canAsk, echo).map((beginning) => {
    const fresh = { steps: new Map(), shown: new Map(), checked: new Set<string>(), findings: [] }
    const walk: Walk = { letters, attempt, beginning, hear: heart, ...fresh }
    return { sequences: hearAll(walk), ...walk }
  })
  const ends = heard.flatMap(({ shown }) => [...shown.values()].map(({ status }) => status))
  return {
    subsets: heard.reduce((sum, { shown }) => sum + shown.size, 0),
    sequences: heard.reduce((sum, { sequences }) => sum + sequences, 0),
    ends: [...new Set(ends)],
    findings: heard.flatMap(({ beginning, findings }) => findings.map((one) => `${beginning.name}: ${one}`)),
  }
}

/** How many sequences it heard. */
const hearAll = (walk: Walk): number => {
  const { decided, longest } = walk.beginning
  let sequences = 0
  let ahead: ReadonlyMap<Place, number> = new Map([[{ facts: decided, set: 0, path: [] }, 1]])
  for (let length = 1; length <= longest; length++) {
    const reached = new Map<Place, number>()
    for (const [from, count] of ahead)
      for (const place of walk.letters.keys()) {
        const { to, told } = stepFrom(walk, from, place)
        if (told) judge(walk, to, told)
        reached.set(to, (reached.get(to) ?? 0) + count)
        sequences += count
      }
    ahead = reached
  }
  return sequences
}

/** `told`: what is shown there, when nobody stepped there before. */
const stepFrom = (
  { letters, attempt, steps, beginning, hear: heart }: Walk,
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
  const heard = heart(from.facts, heardOf(letter, attempt, now), now)
  const facts = [...from.facts, ...heard.facts]
  const place = nameOfFacts({ facts, set })
  const to = steps.get(place) ?? { facts, set, path: [...from.path, letter] }
  steps.set(step, to)
  steps.set(place, to)
  return { to, told: tell(heard.state, beginning) }
}

const nameOfFacts = ({ facts, set }: Pick<Place, 'facts' | 'set'>): string =>
  [set, ...facts.map(({ key }) => key)].join(' ')

const judge = (walk: Walk, { set, facts, path }: Place, told: Told): void => {
  const { shown, checked, findings } = walk
  const closed = facts.filter(({ fact }) => fact === 'closed')
  const asClosed = `${set} ${closed.length}`
  if (!checked.has(asClosed) && !asTheRuleBook(walk, path, closed, told.state)) {
    findings.push(`the rule book says otherwise: ${nameOf(path)}`)
  }
  checked.add(asClosed)
  const known = shown.get(set)
  if (!known) shown.set(set, told)
  else if (known.view !== told.view && findings.length < MAX_FINDINGS) {
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

type Told = { readonly state: PaymentState; readonly view: string; readonly status: string }

const tell = (state: PaymentState, { mayClose }: Beginning): Told => {
  const view = viewOf(ROW, state)
  return {
    state,
    view: JSON.stringify(mayClose ? butForClosing(view) : view),
    status: [state.status, ...state.attention.map(({ flag }) => flag)].join(' + '),
  }
}

const butForClosing = (view: ReturnType<typeof viewOf>) => ({
  ...view,
  status: view.status === 'executed' ? view.status : '',
  final: view.status === 'executed',
  closing: null,
  attention: view.attention.filter((flag) => flag !== 'paid_late'),
})

/** The book is told what came, and not what the heart made of it. */
const asTheRuleBook = (
  { beginning, attempt }: Walk,
  path: readonly Letter[],
  closed: readonly Fact[],
  state: PaymentState,
): boolean => {
  const heard = path.flatMap((letter, place) => heardOf(letter, attempt, START + place))
  const said = whatThePageSays([...beginning.decided, ...heard, ...closed])
  return JSON.stringify(verdictOf(state)) === JSON.stringify(said)
}

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
