import { createInterface } from 'node:readline/promises'
import { findPayment } from '../../payments/index.ts'
import { migrate } from '../../platform/db/migrate.ts'
import { createLog } from '../../platform/log.ts'
import { openStorage } from '../compose.ts'
import { MIGRATED_MODULES } from '../migrations.ts'
import { badInput, Ending, EXIT, type Exit, print, printJson, table } from './output.ts'
import { applyFile, configOf, readFileToApply, usualMode, withSession } from './session.ts'

/** Commands that stand beside a running hub and share its database. */

export type Json = { readonly json?: boolean }

export const apply = async (
  file: string,
  options: Json & { readonly yes?: boolean; readonly prune?: boolean },
): Promise<Exit> => {
  const toApply = await readFileToApply(file)
  return withSession(async (session) => {
    const agreed = async (shown: string): Promise<boolean> => {
      if (!options.json) print(shown)
      return options.yes ?? ask('Make it so?')
    }
    const { plan, shown, changed } = await applyFile(session, toApply, options.prune ?? false, agreed)
    if (options.json) printJson({ changed, changes: plan.changes })
    else print(changed ? 'Done.' : plan.changes.length === 0 ? 'Nothing to change.' : changedNothing(shown))
    return EXIT.done
  })
}

const changedNothing = (shown: string): string => (shown.trim() === '' ? 'Nothing to change.' : 'Nothing was changed.')

const ask = async (question: string): Promise<boolean> => {
  if (!process.stdin.isTTY) throw badInput('nobody can be asked here: repeat with --yes to make it so')
  const prompt = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return /^y(es)?$/i.test((await prompt.question(`${question} [y/N] `)).trim())
  } finally {
    prompt.close()
  }
}

export const runMigrations = async (options: Json): Promise<Exit> => {
  const config = configOf(usualMode())
  const log = createLog({ level: 'warn' })
  // Opening the storage brings it up to date; asking again tells that nothing is left.
  const storage = await openStorage(config, log)
  try {
    const left = await migrate({ url: storage.url, modules: MIGRATED_MODULES, log })
    if (options.json) printJson({ upToDate: left.length === 0 })
    else print('The database is up to date.')
    return EXIT.done
  } finally {
    await storage.close()
  }
}

export const showPayment = (id: string, options: Json): Promise<Exit> =>
  withSession(async ({ composed }) => {
    const story = await findPayment(composed.hub.db, id)
    if (!story) throw new Ending(EXIT.no, `there is no payment ${id}`)
    const events = await composed.notices.ofSubject(story.payment.eService, id)
    if (options.json) {
      printJson({ ...story, events: events.map(({ id: event, type, sequence }) => ({ id: event, type, sequence })) })
      return EXIT.done
    }
    const { payment } = story
    const attention = payment.attention.length > 0 ? ` – needs a person: ${payment.attention.join(', ')}` : ''
    print(
      `${payment.id}  ${payment.eService}  reference ${payment.reference}  ${payment.amount} ${payment.currency} minor units`,
    )
    print(`status ${payment.status}${payment.closing ? `, closing as ${payment.closing}` : ''}${attention}`)
    print(story.nextDeadline ? `the hub acts next at ${story.nextDeadline}` : 'nothing is left for the hub to do')
    print(
      `\n${table(
        ['AT', 'FACT', ''],
        story.facts.map(({ at, fact, tells }) => [at, fact, tells]),
      )}`,
    )
    const lines = story.messages.map((one) => [
      one.at,
      one.direction,
      one.purpose,
      one.verdict,
      one.says.join('; '),
      one.id,
    ])
    if (lines.length > 0) print(`\n${table(['AT', '', 'MESSAGE', 'VERDICT', 'SAYS', 'ID'], lines)}`)
    if (events.length > 0)
      print(
        `\n${table(
          ['EVENT', 'TYPE', ''],
          events.map((one) => [one.id, one.type, String(one.sequence)]),
        )}`,
      )
    return EXIT.done
  })
