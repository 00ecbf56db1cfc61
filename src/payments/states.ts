import { type Fact, FLAGS, type PaymentState } from './facts.ts'
import { begunOnce, calls, ends, type Happening, lifeOf, odd, order, words } from './happenings.ts'
import { attemptDeadline, nextDeadline, stateOf } from './payment.ts'

/**
 * Draws `docs/states.md` by trying: everything that can happen to a payment is done to it, in every order up to a few steps, through the
 * heart itself. `npm run build && node -e "import('./dist/payments/states.js').then((m) => process.stdout.write(m.drawStates()))" > docs/states.md`
 */
export const drawStates = (): string => {
  const attempt = explore(begunOnce('many'), [...calls('att_1'), ...words('att_1'), ...ends('att_1')], 3)
  const many = explore([order('many')], lifeOf('many'), 5)
  const one = explore([order('one')], lifeOf('one'), 5)
  const oddities = explore(begunOnce('many'), odd, 3)
  return [
    HEAD,
    '## An attempt\n',
    diagram(attempt, attemptStatus),
    table(ATTEMPT_COLUMNS, rowsOf(attempt, attemptStatus, attemptTraits)),
    '## A payment\n',
    'Shown for an order that allows many attempts. *Closing* is not a status: it stands beside one until the close is recorded.\n',
    diagram(many, paymentStatus),
    table(PAYMENT_COLUMNS, rowsOf(many, paymentStatus, paymentTraits)),
    '### Where one attempt is allowed\n',
    diagram(one, paymentStatus),
    '## Attention\n',
    'The shortest way to each flag, after an attempt was begun, and the status beside which it then stands.\n',
    table(['flag', 'raised by', 'status'], flagRows(oddities)),
    FOOT,
  ].join('\n')
}

const HEAD = `# The states of a payment

Drawn from the code by \`src/payments/states.ts\`, which does to a payment all that can happen to one and writes down what the heart makes
of it; a test fails when this page is not what the code draws. An arrow is one thing that happens, heard or decided, wherever it was
seen to change the status.
`

const FOOT = `\`executed\` is never left. A paid that confirms nothing (it states no amount, or another) moves a started attempt to \`accepted\`; beside a
refusal, whose row comes first, it raises \`contradiction\`, so that a late success cannot vanish. A recorded close is left only for \`executed\`.
`

// ------------------------------------------------------------------------------------------------------------------------- exploring

type Explored = { readonly before: PaymentState; readonly after: PaymentState; readonly path: readonly string[] }

/** Closes of two kinds share a key, for a payment has one; here they are two ways to go. */
const nameOf = (fact: Fact): string => ('as' in fact ? `${fact.key} ${fact.as}` : fact.key)

/** Every order of happenings up to `most` of them; a set of facts that was met already is not gone through again. */
const explore = (start: readonly Fact[], happenings: readonly Happening[], most: number): readonly Explored[] => {
  const found: Explored[] = []
  const met = new Set<string>()
  let edge: readonly { facts: readonly Fact[]; state: PaymentState; path: readonly string[] }[] = [
    { facts: start, state: stateOf(start), path: [] },
  ]
  for (let step = 0; step < most; step++) {
    const next: (typeof edge)[number][] = []
    for (const { facts, state, path } of edge) {
      for (const { says, happen } of happenings) {
        const added = happen(facts)
        if (added.length === 0) continue
        const all = [...facts, ...added]
        const after = stateOf(all)
        found.push({ before: state, after, path: [...path, says] })
        const set = all.map(nameOf).sort().join()
        if (!met.has(set)) next.push({ facts: all, state: after, path: [...path, says] })
        met.add(set)
      }
    }
    edge = next
  }
  return found
}

// --------------------------------------------------------------------------------------------------------------------------- drawing

type Naming = (state: PaymentState) => string
const attemptStatus: Naming = (state) => state.attempts[0]?.status ?? 'nothing'
const paymentStatus: Naming = ({ status, closing }) => (closing ? `${status}, closing` : status)

const edgesOf = (steps: readonly Explored[], name: Naming): ReadonlyMap<string, ReadonlySet<string>> => {
  const edges = new Map<string, Set<string>>()
  for (const { before, after, path } of steps) {
    const [from, to] = [name(before), name(after)]
    if (from === to) continue
    const edge = `${from} → ${to}`
    edges.set(edge, (edges.get(edge) ?? new Set()).add(path.at(-1) ?? ''))
  }
  return edges
}

const diagram = (steps: readonly Explored[], name: Naming): string => {
  const node = (text: string) => text.replaceAll(/\W+/g, '_')
  const names = [...new Set(steps.flatMap(({ before, after }) => [name(before), name(after)]))]
  const first = steps[0]
  const lines = [
    ...names.filter((text) => node(text) !== text).map((text) => `${node(text)}: ${text}`),
    ...(first ? [`[*] --> ${node(name(first.before))}`] : []),
    ...[...edgesOf(steps, name)].map(([edge, causes]) => {
      const [from = '', to = ''] = edge.split(' → ')
      return `${node(from)} --> ${node(to)}: ${[...causes].join(' / ')}`
    }),
  ]
  return ['```mermaid', 'stateDiagram-v2', ...lines.map((line) => `  ${line}`), '```', ''].join('\n')
}

const table = (columns: readonly string[], rows: readonly (readonly string[])[]): string =>
  [columns, columns.map(() => '---'), ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n')
    .concat('\n')

/** Yes where it holds for all that was met, no where for none. */
const share = (list: readonly boolean[], some: string): string =>
  list.every(Boolean) ? 'yes' : list.some(Boolean) ? some : 'no'

const rowsOf = (
  steps: readonly Explored[],
  name: Naming,
  traits: (states: readonly PaymentState[]) => readonly string[],
): readonly (readonly string[])[] => {
  const all = steps.flatMap(({ before, after }) => [before, after])
  return [...new Set(all.map(name))].map((status) => {
    const leads = [...edgesOf(steps, name).keys()].flatMap((edge) =>
      edge.split(' → ')[0] === status ? [edge.split(' → ')[1] ?? ''] : [],
    )
    return [
      `\`${status}\``,
      ...traits(all.filter((state) => name(state) === status)),
      leads.map((to) => `\`${to}\``).join(' '),
    ]
  })
}

const ATTEMPT_COLUMNS = ['attempt', 'may still be paid', 'the server finds out by itself', 'reasons', 'may become']
const attemptTraits = (states: readonly PaymentState[]): readonly string[] => {
  const attempts = states.flatMap(({ attempts: [first] }) => first ?? [])
  const reasons = [...new Set(attempts.flatMap(({ reason }) => reason ?? []))].sort()
  return [
    share(
      attempts.map(({ mayStillBePaid }) => mayStillBePaid),
      'while a mismatch is not settled',
    ),
    attempts.every(({ status }) => status === 'refused' || status === 'lapsed')
      ? 'when its plan ends and 23 hours after it began, where the bank can be asked'
      : share(
          attempts.map((attempt) => attemptDeadline(attempt, undefined) !== undefined),
          'until its plan ended, then a person (`stuck`)',
        ),
    reasons.map((reason) => `\`${reason}\``).join(' '),
  ]
}

const PAYMENT_COLUMNS = ['payment', 'final', 'the server acts by itself', 'may become']
const paymentTraits = (states: readonly PaymentState[]): readonly string[] => [
  share(
    states.map(({ final }) => final),
    'sometimes',
  ),
  share(
    states.map((state) => nextDeadline(state) !== undefined),
    'until the plan of each attempt has ended',
  ),
]

const flagRows = (steps: readonly Explored[]): readonly (readonly string[])[] =>
  FLAGS.map((flag) => {
    const shortest = steps.find(({ after }) => after.attention.some((attention) => attention.flag === flag))
    return [`\`${flag}\``, shortest?.path.join(', then ') ?? '', `\`${shortest?.after.status ?? ''}\``]
  })
