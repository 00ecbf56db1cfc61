import { createLog } from '../../platform/log.ts'
import { type Examination, examine } from '../doctor/examine.ts'
import { EXIT, type Exit, print, printJson } from './output.ts'
import { configOf, usualMode } from './session.ts'

/** 0: nothing, or warnings alone; 1: an error; 3: the database is away, so that only half could be looked at. */
export const doctor = async (options: { readonly json?: boolean }): Promise<Exit> => {
  const config = configOf(usualMode())
  // What it finds it says itself.
  const examined = await examine(config, createLog({ level: 'silent' }))
  const { looked, findings, databaseAway } = examined
  const errors = findings.filter(({ severity }) => severity === 'error').length
  if (options.json) printJson({ mode: config.mode, fine: errors === 0, looked, findings })
  else print(inWords(examined, config.mode))
  if (databaseAway) return EXIT.away
  return errors > 0 ? EXIT.no : EXIT.done
}

const inWords = ({ looked, findings, databaseAway }: Examination, mode: string): string => {
  const lines = findings.map(({ severity, about, says }) => `${severity.padEnd('warning'.length)}  ${about}: ${says}`)
  const seen = `Looked at ${looked.join(', ')}, in ${mode} mode`
  if (databaseAway) return [...lines, '', `${seen}. The rest needs the database.`].join('\n')
  return findings.length === 0 ? `${seen}: all is well.` : [...lines, '', `${seen}.`].join('\n')
}
