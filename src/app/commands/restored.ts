import { toDecimal } from '../../kernel/money.ts'
import { DAY_MS, type Instant, MINUTE_MS, toRfc3339 } from '../../kernel/time.ts'
import { latestChange, type Restored, restored } from '../../payments/index.ts'
import { isAtWork } from '../../platform/db/at-work.ts'
import { badInput, EXIT, type Exit, print, printJson, say, table } from './output.ts'
import { type Session, withSession } from './session.ts'
import { timeOf } from './times.ts'

export type RestoredOptions = {
  readonly to: string
  readonly since?: string
  readonly yes?: boolean
  readonly althoughAtWork?: boolean
  readonly json?: boolean
}

/** Refunds are seen to for a week at most, and late messages of banks come within days: a month is ample. */
const LOOKED_BACK_MS = 30 * DAY_MS
/** Nobody restores to the second by the hub's own clock. */
const INEXACT_MS = MINUTE_MS

/** Without `--yes` it only counts and names. */
export const tellRestored = (options: RestoredOptions): Promise<Exit> =>
  withSession(async (session) => {
    const dry = options.yes !== true
    if (!dry && !options.althoughAtWork) await checkNobodyWorks(session)
    const to = timeOf('--to', options.to, 'first')
    const since = options.since === undefined ? to - LOOKED_BACK_MS : timeOf('--since', options.since, 'first')
    await checkMoments(session, to, since)
    const found = await restored(session.composed.hub, { to, since, dry })
    if (options.json) printJson({ ...found, to: toRfc3339(to), done: !dry })
    else show(found, to, dry)
    return EXIT.done
  })

/** A hub at work could give a bank a number that is just being left out, or send a refund before it is held back. */
const checkNobodyWorks = async ({ composed: { hub } }: Session): Promise<void> => {
  if (!(await isAtWork(hub.db))) return
  throw badInput(
    'a hub is at work on this database: stop every process of it and repeat this. Where it cannot be one of yours, say --although-at-work',
  )
}

const checkMoments = async ({ composed: { hub } }: Session, to: Instant, since: Instant): Promise<void> => {
  if (to > hub.clock.now()) throw badInput('--to: is still to come')
  if (since >= to) throw badInput('--since: must be before --to')
  const latest = await latestChange(hub)
  if (latest !== undefined && latest > to + INEXACT_MS) {
    throw badInput(
      `--to: this database knows of a change at ${toRfc3339(latest)}, so it was not restored to that moment`,
    )
  }
}

const show = ({ numbers, payments, asked, unaskable, refunds }: Restored, to: Instant, dry: boolean): void => {
  const sum = (one: { readonly amountMinor: number; readonly currency: string }) => `${toDecimal(one)} ${one.currency}`
  print(
    `${payments} payments looked at. ${asked} attempts ${dry ? 'would be' : 'are'} asked about at their PSP once the hub runs.`,
  )
  print(
    `Attempt numbers ${numbers.from} to ${numbers.to - 1} ${dry ? 'would be' : 'are'} left out: banks may have seen them.`,
  )
  if (unaskable.length > 0) {
    const rows = unaskable.map((one) => [one.agreement, one.number, one.payment, one.reference, sum(one)])
    print(
      `\nMay have been paid, and the bank cannot be asked: look for the number on its statement from ${toRfc3339(to)} on.`,
    )
    print(table(['AGREEMENT', 'NUMBER', 'PAYMENT', 'REFERENCE', 'AMOUNT'], rows))
  }
  if (refunds.length > 0) {
    const rows = refunds.map((one) => [one.refund, one.payment, one.reference, sum(one), SEEN_TO[one.by]])
    print('\nRefunds that may have been made since:')
    print(table(['REFUND', 'PAYMENT', 'REFERENCE', 'AMOUNT', ''], rows))
  }
  print(
    `\nPayments ordered and refunds asked for since ${toRfc3339(to)} are gone. What banks say of them is parked, and after an hour a task; see "ebizness tasks list".`,
  )
  if (dry) say('Nothing was changed: repeat with --yes, before any process of the hub starts.')
}

const SEEN_TO = {
  hub: 'the hub asks the PSP, or a person: never sent again blindly',
  person: 'was with a person already: ask that person, and the bank',
} as const
