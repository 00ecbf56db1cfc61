import type { Result } from '../kernel/result.ts'
import type { Instant } from '../kernel/time.ts'

/** What needs a person: opened and closed with the fact that raises and settles it, and never deleted. */
export type Task = {
  readonly merchant: string
  readonly id: TaskId
  readonly kind: string
  /** What it is about: a payment, an agreement, an address. */
  readonly subject: string
  /** Which of several things of one kind about one subject, e.g. a refund; else empty. */
  readonly part: string
  readonly eService: string | null
  readonly openedAt: Instant
  readonly closed: Closed | null
}
export type TaskId = `tsk_${string}`
export type Closed = Closing & { readonly at: Instant }

/** Who closes tasks, how, and what was noted. */
export type Closing = { readonly by: string; readonly as: string; readonly note: string }
/** The facts have settled it: money came, a message was placed. */
export const BY_ITSELF: Closing = { by: 'hub', as: 'by_itself', note: '' }

/** Whose tasks are spoken of. */
export type Subject = { readonly merchant: string; readonly subject: string; readonly eService?: string }
export type Wanted = { readonly kind: string; readonly part: string }

/** What a person may decide. Each kind of task takes some of them. */
export const RULINGS = ['paid', 'not-paid', 'settled', 'refund-done', 'refund-failed'] as const
export type RulingWord = (typeof RULINGS)[number]

/** A person's decision about one task. */
export type Ruling = {
  readonly as: RulingWord
  readonly by: string
  readonly note: string
  /** Which attempt is meant, where a task concerns several. */
  readonly attempt?: string
  /** The bank's number of what the person did there. */
  readonly reference?: string
}

/** What a kind of task means, for whoever meets one, and what may be decided. */
export type KindWords = {
  /** A few words, as a heading. */
  readonly title: string
  readonly means: string
  /** What to do, before it is ruled. */
  readonly todo: string
  readonly rulings: Readonly<Partial<Record<RulingWord, string>>>
}

/** One task told to a person: the facts of this very case. May hold personal data that the task cannot be done without. */
export type TaskStory = {
  readonly happened: readonly string[]
  readonly money: string
  /** What to do in this case, where that is more than the kind tells. */
  readonly todo?: string
  /** The rulings that would be taken now, where they are fewer than the kind's or must name an attempt. */
  readonly takes?: readonly Pick<Ruling, 'as' | 'attempt'>[]
}

/** A module that raises tasks: it knows what they mean and takes the decisions. */
export type TaskOwner = {
  readonly kinds: Readonly<Record<string, KindWords>>
  tell(task: Task): Promise<TaskStory>
  /** Takes the decision and closes the task, in one transaction; or says in one sentence why not. `still_open`: part of it was settled. */
  rule(task: Task, ruling: Ruling): Promise<Result<'closed' | 'still_open', string>>
}

/** Why a closed task takes no ruling. */
export const alreadyClosed = ({ id }: Task, { by, as }: Closing): string =>
  by === BY_ITSELF.by && as === BY_ITSELF.as
    ? `${id} has settled by itself meanwhile: nothing is left to decide`
    : `${id} was ruled ${as} by ${by} already: a ruling is not taken back`
