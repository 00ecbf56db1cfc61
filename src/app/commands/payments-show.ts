import { toDecimal } from '../../kernel/money.ts'
import { toRfc3339 } from '../../kernel/time.ts'
import type { Delivery, NoticesModule } from '../../notices/index.ts'
import { findPayment, type PaymentStory } from '../../payments/index.ts'
import type { Desk, Task } from '../../tasks/index.ts'
import { Ending, EXIT, type Exit, print, printJson } from './output.ts'
import { withSession } from './session.ts'

/** What happened to one payment, for whoever has the payer on the telephone: readable on a terminal of 80 columns. */

type EventLine = {
  readonly id: string
  readonly type: string
  readonly sequence: number
  /** Its notice's sendings, newest first. */
  readonly deliveries: readonly (Omit<Delivery, 'at' | 'status'> & {
    readonly at: string
    readonly status: number | null
  })[]
}
/** Of one event; a replay adds to them. */
const MOST_DELIVERIES = 100
/** One payment can have a few of each kind, and a refund's for each refund. */
const MOST_TASKS = 100
const DELIVERIES_SHOWN = 4
const ANSWER_SHOWN = 120

type Options = { readonly json?: boolean; readonly personal?: boolean }

export const showPayment = (id: string, options: Options): Promise<Exit> =>
  withSession(async ({ composed }) => {
    const story = await findPayment(composed.hub.db, id, { personal: options.personal === true })
    if (!story)
      throw new Ending(
        EXIT.no,
        `there is no payment ${id}: "ebizness payments find" looks for a reference or a bank’s number`,
      )
    const events = await eventsOf(composed.notices, story.payment.eService, id)
    const tasks = await composed.desk.list({ subject: id, all: false, limit: MOST_TASKS })
    if (options.json) printJson({ ...story, events, tasks: tasks.map((task) => ({ id: task.id, kind: task.kind })) })
    else
      print(
        inWords(
          story,
          events,
          tasks.map((task) => taskLine(task, composed.desk.kinds)),
        ),
      )
    return EXIT.done
  })

const eventsOf = async (notices: NoticesModule, eService: string, payment: string): Promise<readonly EventLine[]> => {
  const lines: EventLine[] = []
  for (const { id, type, sequence } of await notices.ofSubject(eService, payment)) {
    const deliveries = (await notices.deliveries(id)).slice(0, MOST_DELIVERIES)
    const told = deliveries.map((one) => ({ ...one, at: toRfc3339(one.at), status: one.status ?? null }))
    lines.push({ id, type, sequence, deliveries: told })
  }
  return lines
}

const WIDTH = 80

const taskLine = ({ id, kind }: Task, kinds: Desk['kinds']): string => `  ${id}  ${kinds[kind]?.title ?? kind}`

const inWords = (story: PaymentStory, events: readonly EventLine[], tasks: readonly string[]): string =>
  [
    headOf(story),
    wrapped(story.explanation, WIDTH).join('\n'),
    ...(tasks.length > 0 ? [['NEEDS A PERSON: see ebizness tasks show', ...tasks].join('\n')] : []),
    ...(story.persons ? [['PERSONS', ...personsOf(story.persons)].join('\n')] : []),
    ['WHAT HAPPENED', ...story.facts.flatMap((fact) => factLines(story, fact))].join('\n'),
    ...(story.messages.length > 0 ? [['MESSAGES', ...story.messages.flatMap(messageLines)].join('\n')] : []),
    ...(events.length > 0 ? [['EVENTS', ...events.flatMap(eventLines)].join('\n')] : []),
  ].join('\n\n')

const headOf = ({ payment, nextDeadline, receiptMail: mail }: PaymentStory): string => {
  const money = (amountMinor: number) => `${toDecimal({ amountMinor, currency: payment.currency })} ${payment.currency}`
  const back = [
    ...(payment.refundedAmount > 0 ? [`${money(payment.refundedAmount)} refunded`] : []),
    ...(payment.reversedAmount > 0 ? [`${money(payment.reversedAmount)} reversed`] : []),
  ]
  const status = [payment.status, ...(payment.closing === null ? [] : [`closing as ${payment.closing}`])]
  const rows = [
    ['merchant', `${payment.merchant}, e-service ${payment.eService}`],
    ['reference', payment.reference],
    ['amount', [money(payment.amount), `${money(payment.paidAmount)} paid`, ...back].join(', ')],
    ['status', status.join(', ')],
    ...(payment.attention.length > 0 ? [['attention', payment.attention.join(', ')]] : []),
    ['made', `${when(payment.createdAt)}, may be paid until ${when(payment.expiresAt)}`],
    ['next', nextDeadline === null ? 'nothing is left for the hub to do' : `the hub acts at ${when(nextDeadline)}`],
    ...(mail
      ? [['receipt', `by e-mail: ${[mail.outcome, mail.why].filter(Boolean).join(', ')}, ${when(mail.at)}`]]
      : []),
  ]
  return [payment.id, ...rows.map(([name = '', value]) => `  ${name.padEnd('reference'.length)}  ${value}`)].join('\n')
}

const personsOf = ({ ordered, atPsp }: NonNullable<PaymentStory['persons']>): readonly string[] => {
  const told = (value: object) =>
    Object.entries(value)
      .map(([name, text]) => `${name} ${text}`)
      .join(', ')
  const lines = [
    ...(ordered ? [`the e-service: ${told(ordered)}`] : []),
    ...atPsp.map(({ number, ...payer }) => `the bank of #${number}: ${told(payer)}`),
  ]
  return lines.length === 0 ? ['  nobody was named'] : lines.flatMap((line) => indented(wrapped(line, WIDTH - 2), '  '))
}

/** Attempts go by their number, which the bank knows too: `#1001`. */
const factLines = ({ payment, facts }: PaymentStory, { at, fact, tells }: PaymentStory['facts'][number]) => {
  const short = payment.attempts.reduce(
    (text, { id, number }) => text.replaceAll(`${id} number ${number}`, id).replaceAll(id, `#${number}`),
    tells,
  )
  const widest = Math.max(...facts.map((one) => one.fact.length))
  const start = `  ${when(at)}  ${fact.replaceAll('_', ' ').padEnd(widest)}  `
  const [first = '', ...more] = wrapped(short, WIDTH - start.length)
  return [start + first, ...indented(more, ' '.repeat(start.length))].map((line) => line.trimEnd())
}

const messageLines = ({ at, direction, purpose, verdict, status, says, id }: PaymentStory['messages'][number]) => {
  const what = `${direction} ${purpose} ${verdict}${status === null ? '' : ` ${status}`}`
  return [
    `  ${when(at)}  ${what.padEnd('out enquire trusted'.length)}  ${id}`,
    ...indented(wrapped(says.join('; '), WIDTH - MESSAGE_INDENT.length), MESSAGE_INDENT),
  ]
}
const MESSAGE_INDENT = ' '.repeat('  2026-11-23 08:00:00Z  '.length)

const eventLines = ({ id, type, sequence, deliveries }: EventLine): readonly string[] => {
  const more = deliveries.length - DELIVERIES_SHOWN
  return [
    `  ${id}  ${sequence}  ${type}`,
    ...deliveries.slice(0, DELIVERIES_SHOWN).flatMap(deliveryLines),
    ...(more > 0 ? [`    and ${more} earlier: --json shows them`] : []),
  ]
}

/** What an e-service said is worth reading where it did not take the notice. */
const deliveryLines = ({ at, url, status, answer, tookMs }: EventLine['deliveries'][number]): readonly string[] => {
  const taken = status !== null && status >= 200 && status < 300
  const said = answer.replace(/\s+/g, ' ').trim().slice(0, ANSWER_SHOWN)
  const result = status === null ? 'no answer' : `answered ${status}`
  const line = `${when(at)}  ${result} in ${tookMs} ms: ${url}${taken || said === '' ? '' : ` said "${said}"`}`
  return indented(wrapped(line, WIDTH - 4), '    ')
}

/** `2026-11-23 08:00:00Z`. */
const when = (rfc3339: string): string => rfc3339.replace('T', ' ').replace(/\.\d+/, '')

const indented = (lines: readonly string[], indent: string): readonly string[] => lines.map((line) => indent + line)

/** Lines of at most so many columns; a longer word has a line of its own. */
const wrapped = (text: string, width: number): readonly string[] => {
  const lines: string[] = []
  for (const word of text.split(' ').filter((one) => one !== '')) {
    const last = lines.at(-1)
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word)
    else lines[lines.length - 1] = `${last} ${word}`
  }
  return lines
}
