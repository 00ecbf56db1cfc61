import type { EventId } from '../kernel/ids.ts'
import { DAY_MS, type Instant, toRfc3339 } from '../kernel/time.ts'
import type { Db, Queryable } from '../platform/db/db.ts'
import { BY_ITSELF, type Task, type TaskOwner, type TaskStory, type Tasks, type Wanted } from '../tasks/index.ts'
import { type Standing, silentAddresses, standingOf } from './store/addresses.ts'
import { deliveriesOf, givenUpAt } from './store/dispatches.ts'
import { NOTICE_TASK_WORDS, type NoticeTask } from './task-words.ts'

/** Which addresses need a person: told from how they stand, so one task for each however many notices are concerned. */

const KINDS: readonly NoticeTask[] = ['notice_address_gone', 'notice_address_failing', 'notice_given_up']

/** A person is told after this; till then most receivers have come back by themselves. */
const FAILING_AFTER_MS = DAY_MS
/** Who has ruled on an address that goes on failing is asked again after this. Our choice: a week. */
const RULED_FOR_MS = 7 * DAY_MS

/** When a person last ruled each kind of task of the address. */
export type LastRuled = Readonly<Partial<Record<NoticeTask, Instant>>>

/** Pure. What a person has ruled on is wanted no more until there is something new. */
export const wantedOf = (standing: Standing, ruled: LastRuled, now: Instant): readonly Wanted[] => {
  const { goneAt, gaveUpAt, owedSince } = standing
  const isNew = (kind: NoticeTask, at: Instant | null): boolean => at !== null && at > (ruled[kind] ?? -1)
  const failing = owedSince !== null && now >= owedSince + FAILING_AFTER_MS
  const ruledAt = ruled.notice_address_failing
  const wanted: Readonly<Record<NoticeTask, boolean>> = {
    notice_address_gone: isNew('notice_address_gone', goneAt),
    notice_address_failing: failing && (ruledAt === undefined || now >= ruledAt + RULED_FOR_MS),
    notice_given_up: isNew('notice_given_up', gaveUpAt),
  }
  return KINDS.filter((kind) => wanted[kind]).map((kind) => ({ kind, part: '' }))
}

/** Keeps the tasks of addresses in step with how these stand. */
export type TaskKeeping = {
  /** In the transaction that changed how these addresses stand. */
  keep(tx: Queryable, addresses: readonly string[]): Promise<void>
  /** The same for all of an e-service that have a task. */
  keepOpen(tx: Queryable, eService: string): Promise<void>
  /** Time passes without a transaction: looks which addresses are silent, and whether those that were still are. */
  tidy(): Promise<void>
}

export const openTaskKeeping = (db: Db, tasks: Tasks, now: () => Instant): TaskKeeping => {
  const openSubjects = async (queryable: Queryable, of: (task: Task) => boolean): Promise<readonly string[]> =>
    (await tasks.open(queryable, KINDS)).filter(of).map(({ subject }) => subject)
  const keepOne = async (tx: Queryable, standing: Standing): Promise<void> => {
    const subject = { merchant: standing.merchant, subject: standing.id, eService: standing.eService }
    const ruled: Partial<Record<NoticeTask, Instant>> = {}
    for (const kind of KINDS) {
      const at = await tasks.lastRuled(tx, subject, kind)
      if (at !== undefined) ruled[kind] = at
    }
    await tasks.set(tx, subject, KINDS, wantedOf(standing, ruled, now()), BY_ITSELF, now())
  }
  const keep: TaskKeeping['keep'] = async (tx, addresses) => {
    if (addresses.length === 0) return
    for (const standing of await standingOf(tx, [...new Set(addresses)])) await keepOne(tx, standing)
  }
  return {
    keep,
    keepOpen: async (tx, eService) => keep(tx, await openSubjects(tx, (task) => task.eService === eService)),
    tidy: async () => {
      const silent = await silentAddresses(db, now() - FAILING_AFTER_MS)
      const addresses = [...silent, ...(await openSubjects(db, () => true))]
      if (addresses.length > 0) await db.tx((tx) => keep(tx, addresses))
    },
  }
}

export const noticeTasks = (db: Db, tasks: Tasks, now: () => Instant): TaskOwner => ({
  kinds: NOTICE_TASK_WORDS,
  tell: (task) => storyOf(db, task),
  rule: (task, ruling) => db.tx((tx) => tasks.settle(tx, task, ruling, now())),
})

const TOLD_AT_MOST = 10

const storyOf = async (db: Db, { subject, eService }: Task): Promise<TaskStory> => {
  const [standing] = await standingOf(db, [subject])
  if (!standing) throw new Error(`address ${subject} is not there`)
  const { url, goneAt, owedSince, oldest } = standing
  const given = await givenUpAt(db, subject, TOLD_AT_MOST + 1)
  const told = given
    .slice(0, TOLD_AT_MOST)
    .map((one) => `${one.event} of ${one.subject}, given up ${toRfc3339(one.at)}.`)
  return {
    happened: [
      `${eService} hears its notices at ${url}.`,
      ...(goneAt === null ? [] : [`It answered 410 at ${toRfc3339(goneAt)} and gets none since.`]),
      ...(owedSince === null || oldest === null ? [] : [await oldestTold(db, url, oldest, owedSince)]),
      ...told,
      ...(given.length > TOLD_AT_MOST ? ['And more.'] : []),
    ],
    money: 'No money hangs on it: payments are what they are. What the e-service does with them may.',
  }
}

const oldestTold = async (db: Db, url: string, event: EventId, since: Instant): Promise<string> => {
  const last = (await deliveriesOf(db, event)).find((delivery) => delivery.url === url)
  const answer = last ? ` It was last sent ${toRfc3339(last.at)} and answered ${last.status ?? 'nothing'}.` : ''
  return `The oldest that it has not acknowledged, ${event}, is owed since ${toRfc3339(since)}.${answer}`
}
