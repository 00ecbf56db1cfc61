import { fail, ok, type Result } from '../kernel/result.ts'
import type { Db } from '../platform/db/db.ts'
import { countOpen, findTask, type ListFilter, listTasks, type OpenTasks } from './store.ts'
import {
  alreadyClosed,
  type KindWords,
  RULINGS,
  type Ruling,
  type RulingWord,
  type Task,
  type TaskOwner,
  type TaskStory,
} from './task.ts'

/** Where people work on tasks, whichever module raised them. */
export type Desk = {
  /** Every kind of task there is, with its words. */
  readonly kinds: Readonly<Record<string, KindWords>>
  list(filter: ListFilter): Promise<readonly Task[]>
  /** How many are open, of each kind; counted to 10,000 in all. */
  count(): Promise<readonly OpenTasks[]>
  show(id: string): Promise<Shown | undefined>
  rule(id: string, asked: Asked): Promise<Result<Ruled, NotRuled>>
}

export type Shown = { readonly task: Task; readonly words: KindWords; readonly story: TaskStory }
/** A ruling as it was typed. */
export type Asked = Omit<Ruling, 'as'> & { readonly as: string }
/** `already`: this very ruling was given before, and nothing was done twice. */
export type Ruled = { readonly task: Task; readonly outcome: 'closed' | 'still_open' | 'already' }
export type NotRuled = { readonly why: 'unknown_task' | 'not_a_ruling' | 'refused'; readonly sentence: string }

const MAX_NAME = 100
const MAX_NOTE = 500
/** Longer than any bank's number of a transfer. */
const MAX_REFERENCE = 140

export const openDesk = (db: Db, owners: readonly TaskOwner[]): Desk => {
  const kinds = Object.fromEntries(owners.flatMap((owner) => Object.entries(owner.kinds)))
  const ownerOf = (task: Task): { readonly owner: TaskOwner; readonly words: KindWords } => {
    const owner = owners.find((one) => one.kinds[task.kind] !== undefined)
    const words = owner?.kinds[task.kind]
    if (!owner || !words)
      throw new Error(`nobody knows tasks of the kind ${task.kind}: a newer release made ${task.id}`)
    return { owner, words }
  }
  return {
    kinds,
    list: (filter) => listTasks(db, filter),
    count: async () => {
      const open = await countOpen(db)
      const none = Object.keys(kinds).filter((kind) => !open.some((one) => one.kind === kind))
      return [...open, ...none.map((kind) => ({ kind, count: 0 }))]
    },
    show: async (id) => {
      const task = await findTask(db, id)
      if (!task) return undefined
      const { owner, words } = ownerOf(task)
      return { task, words, story: await owner.tell(task) }
    },
    rule: async (id, asked) => {
      const task = await findTask(db, id)
      if (!task)
        return fail({
          why: 'unknown_task',
          sentence: `there is no task ${id}: ebizness tasks list tells which there are`,
        })
      const { owner, words } = ownerOf(task)
      const ruling = rulingOf(asked, words)
      if (!ruling.ok) return fail({ why: 'not_a_ruling', sentence: ruling.error })
      if (task.closed) return closedBefore(task, ruling.value)
      const done = await owner.rule(task, ruling.value)
      return done.ok ? ok({ task, outcome: done.value }) : fail({ why: 'refused', sentence: done.error })
    },
  }
}

const closedBefore = (task: Task, { as }: Ruling): Result<Ruled, NotRuled> =>
  task.closed && task.closed.as !== as
    ? fail({ why: 'refused', sentence: alreadyClosed(task, task.closed) })
    : ok({ task, outcome: 'already' })

const isRuling = (word: string): word is RulingWord => RULINGS.some((one) => one === word)

const rulingOf = (asked: Asked, words: KindWords): Result<Ruling, string> => {
  const { as } = asked
  const [by, note] = [asked.by.trim(), asked.note.trim()]
  if (!isRuling(as) || words.rulings[as] === undefined) {
    return fail(`--as "${as}" is not a ruling of this task: it takes ${Object.keys(words.rulings).join(', ')}`)
  }
  if (by === '' || by.length > MAX_NAME) return fail(`--by must name you, in 1 to ${MAX_NAME} characters`)
  if (note === '' || note.length > MAX_NOTE) return fail(`--note must say why, in 1 to ${MAX_NOTE} characters`)
  const { reference } = asked
  if (reference !== undefined && (reference.trim() === '' || reference.length > MAX_REFERENCE)) {
    return fail(`--reference must be the bank’s number, in 1 to ${MAX_REFERENCE} characters`)
  }
  return ok({ ...asked, as, by, note })
}
