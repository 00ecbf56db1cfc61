import type { Reading } from '../channels/channel.ts'
import { toRfc3339 } from '../kernel/time.ts'
import type { KindWords, Task, TaskOwner, TaskStory } from '../tasks/index.ts'
import type { Hub } from './hub.ts'
import { PERSON_AFTER_MS, TASK_OF } from './parked.ts'
import { type Waiting, waitingMessages } from './store/index.ts'
import { inWords } from './story.ts'

/** Tasks about messages that found no place: one for each agreement, however many there are. */

const SETTLED = 'looked at: these messages stay where they are and are not asked about again'

export const MESSAGE_TASK_WORDS = {
  message_parked: {
    title: 'Messages about no payment',
    means:
      'The bank sent messages, verified by its signature, about payments that this hub has never begun: another system may use the same agreement, or the bank mixed something up. If one says paid, its money is on the merchant’s account and belongs to no bill here.',
    todo: 'Compare the numbers with the account statement and ask the bank whose they are. Money that came for a bill is entered in the e-service’s system, or paid back at the bank.',
    rulings: { settled: SETTLED },
  },
  message_unread: {
    title: 'Messages that cannot be read',
    means:
      'Messages came to this agreement that the hub could not read, because the agreement cannot be used as it is configured, or by a fault of the hub. Each is kept as it came, the bank was asked to repeat it, and it is read again every hour for 30 days. Payments may look unpaid meanwhile.',
    todo: 'Look in the log for “a channel could not read a message”. Mend the agreement’s settings or keys in cma.yaml and apply it: then they are read by themselves, and the task ends.',
    rulings: { settled: SETTLED },
  },
} as const satisfies Readonly<Record<(typeof TASK_OF)[Waiting], KindWords>>

export const messageTasks = (hub: Hub): TaskOwner => ({
  kinds: MESSAGE_TASK_WORDS,
  tell: (task) => storyOf(hub, task),
  rule: (task, ruling) => hub.db.tx((tx) => hub.tasks.settle(tx, task, ruling, hub.clock.now())),
})

const TOLD_AT_MOST = 10
/** A flood is told as this many: counting it to its end would help nobody. */
const COUNTED_AT_MOST = 1_000

const storyOf = async (hub: Hub, { merchant, subject, kind, closed }: Task): Promise<TaskStory> => {
  const verdict: Waiting = kind === TASK_OF.fault ? 'fault' : 'parked'
  const cameBy = hub.clock.now() - PERSON_AFTER_MS
  const found = await waitingMessages(hub.db, merchant, subject, verdict, cameBy, COUNTED_AT_MOST)
  const ruledAt = await hub.tasks.lastRuled(hub.db, { merchant, subject }, kind)
  // What a person has looked at before is not told again.
  const waiting = found.filter(({ at }) => closed || ruledAt === undefined || at + PERSON_AFTER_MS > ruledAt)
  const channel = (await hub.merchants.directory()).agreements.get(subject)?.channel
  const count = found.length === COUNTED_AT_MOST ? `${COUNTED_AT_MOST} or more` : String(waiting.length)
  const saysPaid = waiting.some(({ readings }) => readings.some(({ says }) => says === 'paid'))
  return {
    happened: [
      `${count} messages to the agreement ${subject}${channel ? ` (${channel})` : ''} have waited for over an hour.`,
      ...waiting
        .slice(0, TOLD_AT_MOST)
        .map(({ id, at, purpose, readings }) =>
          [
            `${id}, a ${purpose} of ${toRfc3339(at)}`,
            ...readings.map((one) => `${aboutOf(one.about)} ${inWords(one)}`),
          ].join(': '),
        ),
      ...(waiting.length > TOLD_AT_MOST ? [`And ${waiting.length - TOLD_AT_MOST} more.`] : []),
    ],
    money: saysPaid
      ? 'At least one says that money was paid. No payment here counts it.'
      : 'None that was read says that money was paid.',
  }
}

const aboutOf = (about: Reading['about']): string => {
  if ('number' in about) return `the number ${about.number}:`
  if ('pspId' in about) return `the bank’s number ${about.pspId}:`
  return 'refund' in about ? `the refund ${about.refund}:` : 'the address it came to:'
}
