import type { Random } from '../kernel/ids.ts'
import type { Instant } from '../kernel/time.ts'
import type { Queryable } from '../platform/db/db.ts'
import { findTask, setTasks } from './store.ts'
import type { Closing, Subject, Task, Wanted } from './task.ts'

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
}

export const openTasks = (random: Random): Tasks => ({
  set: (tx, subject, kinds, wanted, closing, now) => setTasks(tx, random, subject, kinds, wanted, closing, now),
  find: findTask,
})
