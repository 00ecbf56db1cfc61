import { createInterface } from 'node:readline/promises'
import { migrate } from '../../platform/db/migrate.ts'
import { createLog } from '../../platform/log.ts'
import { openStorage } from '../compose.ts'
import { MIGRATED_MODULES } from '../migrations.ts'
import { badInput, EXIT, type Exit, print, printJson } from './output.ts'
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
