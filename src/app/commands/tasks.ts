import { toRfc3339 } from '../../kernel/time.ts'
import {
  type Asked,
  type Desk,
  type KindWords,
  RULINGS,
  type Ruling,
  type RulingWord,
  type Shown,
  type Task,
} from '../../tasks/index.ts'
import { badInput, Ending, EXIT, type Exit, print, printJson, table } from './output.ts'
import { withSession } from './session.ts'

/** What needs a person, on the command line. */

type Json = { readonly json?: boolean }
type Listed = Json & {
  readonly merchant?: string
  readonly kind?: string
  readonly about?: string
  readonly all?: boolean
  readonly after?: string
  readonly limit: string
}

const MAX_LISTED = 1_000

export const listTasks = (options: Listed): Promise<Exit> => {
  const limit = Number(options.limit)
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LISTED) {
    throw badInput(`--limit must be a number from 1 to ${MAX_LISTED}`)
  }
  return withSession(async ({ composed: { desk } }) => {
    checkKind(desk, options.kind)
    const { merchant, kind, about: subject, after, all = false } = options
    // One more than is shown tells whether there are more.
    const found = await desk.list({ merchant, kind, subject, after, all, limit: limit + 1 })
    const tasks = found.slice(0, limit)
    const next = found.length > limit ? (tasks.at(-1)?.id ?? null) : null
    if (options.json) printJson({ tasks: tasks.map((task) => asJson(task, desk.kinds[task.kind])), next })
    else print([tasks.length === 0 ? nothing(options) : asTable(tasks, desk), ...moreAfter(next)].join('\n\n'))
    return EXIT.done
  })
}

const checkKind = (desk: Desk, kind: string | undefined): void => {
  if (kind === undefined || desk.kinds[kind]) return
  throw badInput(`there are no tasks of the kind "${kind}": there are ${Object.keys(desk.kinds).join(', ')}`)
}

const nothing = ({ all, merchant, kind, about, after }: Listed): string => {
  if (merchant ?? kind ?? about ?? after) return 'There is no such task.'
  return all ? 'There are no tasks.' : 'Nothing needs a person.'
}
const moreAfter = (next: string | null): readonly string[] =>
  next === null ? [] : [`There are more: repeat with --after ${next}`]

const asTable = (tasks: readonly Task[], desk: Desk): string =>
  table(
    ['TASK', 'SINCE', 'MERCHANT', 'ABOUT', 'WHAT', ''],
    tasks.map(({ id, kind, openedAt, merchant, subject, closed }) => [
      id,
      toRfc3339(openedAt),
      merchant,
      subject,
      desk.kinds[kind]?.title ?? kind,
      closed ? `${closed.as} by ${closed.by}, ${toRfc3339(closed.at)}` : '',
    ]),
  )

const asJson = (task: Task, words: KindWords | undefined) => ({
  id: task.id,
  merchant: task.merchant,
  eService: task.eService,
  kind: task.kind,
  title: words?.title ?? task.kind,
  subject: task.subject,
  part: task.part,
  openedAt: toRfc3339(task.openedAt),
  closed: task.closed && { ...task.closed, at: toRfc3339(task.closed.at) },
})

export const showTask = (id: string, options: Json): Promise<Exit> =>
  withSession(async ({ composed: { desk } }) => {
    const shown = await desk.show(id)
    if (!shown) throw new Ending(EXIT.no, `there is no task ${id}: ebizness tasks list tells which there are`)
    const { task, words, story } = shown
    const { means, rulings } = words
    const { happened, money } = story
    const commands = task.closed ? [] : commandsOf(shown)
    if (options.json)
      printJson({ ...asJson(task, words), means, happened, money, todo: todoOf(shown), rulings, commands })
    else print(inWords(shown))
    return EXIT.done
  })

const todoOf = ({ words, story }: Shown): string => story.todo ?? words.todo

const inWords = (shown: Shown): string => {
  const { task, words, story } = shown
  const whose = task.eService === null ? task.merchant : `${task.merchant}, ${task.eService}`
  const head = `${task.id}  ${words.title}  (${task.kind})\n${whose}: ${task.subject}, since ${toRfc3339(task.openedAt)}`
  const sections: readonly (readonly [string, readonly string[]])[] = [
    ['What happened', story.happened],
    ['What it means', [words.means]],
    ['The money', [story.money]],
    ...(task.closed ? [] : [['What to do', [todoOf(shown)]] as const]),
    task.closed ? ['Closed', [closedInWords(task.closed)]] : ['What to type', typed(shown)],
  ]
  return [head, ...sections.map(([title, lines]) => [title, ...lines.map((line) => `  ${line}`)].join('\n'))].join(
    '\n\n',
  )
}

const closedInWords = ({ as, by, at, note }: NonNullable<Task['closed']>): string =>
  `${as} by ${by} at ${toRfc3339(at)}${note === '' ? '' : `: ${note}`}`

/** Each ruling that can be taken, as it is typed. */
const commandsOf = ({
  task,
  words,
  story,
}: Shown): readonly { readonly as: RulingWord; readonly command: string }[] => {
  const takes = story.takes ?? RULINGS.filter((as) => words.rulings[as] !== undefined).map((as) => ({ as }))
  return takes.map(({ as, attempt }: Pick<Ruling, 'as' | 'attempt'>) => {
    const more = [...(attempt ? [`--attempt ${attempt}`] : []), ...(as === 'refund-done' ? ['--reference "…"'] : [])]
    const typed = [`ebizness tasks rule ${task.id} --as ${as}`, ...more, '--by "Your name" --note "…"'].join(' ')
    return { as, command: typed }
  })
}

const typed = (shown: Shown): readonly string[] =>
  commandsOf(shown).flatMap(({ as, command }) => [command, `    ${shown.words.rulings[as] ?? ''}`])

const OUTCOMES = {
  closed: 'Ruled. The task is closed.',
  still_open: 'Ruled. The task stays open: more of it waits for a word.',
  already: 'That was ruled before: nothing was done twice.',
} as const

export const ruleTask = (id: string, { json, ...asked }: Json & Asked): Promise<Exit> =>
  withSession(async ({ composed: { desk } }) => {
    const ruled = await desk.rule(id, asked)
    if (!ruled.ok) {
      const { why, sentence } = ruled.error
      throw new Ending(why === 'not_a_ruling' ? EXIT.badInput : EXIT.no, sentence)
    }
    const { task, outcome } = ruled.value
    if (json) printJson({ id: task.id, outcome })
    else print(OUTCOMES[outcome])
    return EXIT.done
  })
