import type { Random } from '../kernel/ids.ts'
import { fail, ok, type Result } from '../kernel/result.ts'
import type { Instant } from '../kernel/time.ts'
import type { Queryable } from '../platform/db/db.ts'
import { findTask, lastRuled, openOf, setTasks } from './store.ts'
import { alreadyClosed, type Closing, type Ruling, type Subject, type Task, type Wanted } from './task.ts'

export { type Asked, type Desk, type NotRuled, openDesk, type Ruled, type Shown } from './desk.ts'
export type { ListFilter, OpenTasks } from './store.ts'
export * from './task.ts'

/** The door: what needs a person. Who raises tasks keeps them in step with its facts; people work on them at the desk. */
export type Tasks = {
  /**
   * Makes the open tasks of a subject exactly these, in the caller's transaction: missing ones are opened, open ones that are not
   * wanted are closed. `kinds` are those that the caller speaks for; others of the subject are left alone.
   */
  set(
    tx: Queryable,
    subject: Subject,
    kinds: readonly string[],
    wanted: readonly Wanted[],
    closing: Closing,
    now: Instant,
  ): Promise<void>
  find(db: Queryable, id: string): Promise<Task | undefined>
  /** Open tasks of these kinds, oldest first; the first 1,000. */
  open(db: Queryable, kinds: readonly string[]): Promise<readonly Task[]>
  /** When a person last ruled a task of this kind about the subject. */
  lastRuled(db: Queryable, subject: Subject, kind: string): Promise<Instant | undefined>
  /** Closes a task by a person's word alone, where nothing else changes with it; or says in one sentence why not. */
  settle(tx: Queryable, task: Task, ruling: Ruling, now: Instant): Promise<Result<'closed', string>>
}

export const openTasks = (random: Random): Tasks => ({
  set: (tx, subject, kinds, wanted, closing, now) => setTasks(tx, random, subject, kinds, wanted, closing, now),
  find: findTask,
  open: openOf,
  lastRuled,
  settle: async (tx, task, ruling, now) => {
    const fresh = await findTask(tx, task.id)
    if (fresh?.closed) return fail(alreadyClosed(fresh, fresh.closed))
    const { merchant, subject } = task
    await setTasks(tx, random, { merchant, subject }, [task.kind], [], ruling, now)
    return ok('closed')
  },
})
