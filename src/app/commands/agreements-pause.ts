import type { Localized } from '../../kernel/language.ts'
import { DAY_MS, type Instant, systemClock, toRfc3339 } from '../../kernel/time.ts'
import { spokenLanguages } from '../../platform/texts/index.ts'
import { badInput, Ending, EXIT, type Exit, print, printJson } from './output.ts'
import { type Session, withSession } from './session.ts'
import { timeOf } from './times.ts'

/** A bank that announced an outage: payers see it greyed, with the words given here, instead of finding out there. */

export type PauseOptions = {
  readonly from?: string
  readonly until: string
  /** Each as `lv=…`. */
  readonly text: readonly string[]
  readonly json?: boolean
}

/** A longer one is no pause: take the offer out of cma.yaml. */
const LONGEST_MS = 31 * DAY_MS
/** Two lines below the bank's name on a small telephone. */
const LONGEST_TEXT = 140

export const pauseAgreement = (id: string, options: PauseOptions): Promise<Exit> => {
  const now = systemClock.now()
  const from = options.from === undefined ? now : timeOf('--from', options.from, 'first')
  const to = timeOf('--until', options.until, 'last')
  if (to <= now) throw badInput('--until: is over already')
  if (from >= to) throw badInput('--from: must be before --until')
  if (to - from > LONGEST_MS)
    throw badInput(`a pause lasts at most ${LONGEST_MS / DAY_MS} days: for longer take the offer out of cma.yaml`)
  const pause = { from, to, text: textsOf(options.text) }
  return withSession(async ({ composed }) => {
    await mustBeInUse(composed, id)
    await composed.merchants.announcePause(id, pause)
    const told = { from: toRfc3339(from), to: toRfc3339(to), text: pause.text }
    if (options.json) printJson({ agreement: id, pause: told })
    else
      print(
        `${id} is paused ${from <= now ? 'now' : `from ${told.from}`} until ${told.to}; what is under way there goes on.`,
      )
    return EXIT.done
  })
}

export const resumeAgreement = (id: string, options: { readonly json?: boolean }): Promise<Exit> =>
  withSession(async ({ composed }) => {
    const pause = await mustBeInUse(composed, id)
    if (!pause) throw new Ending(EXIT.no, `${id} is not paused`)
    await composed.merchants.announcePause(id, undefined)
    if (options.json) printJson({ agreement: id, pause: null })
    else print(`${id} is offered again.`)
    return EXIT.done
  })

type Pause = { readonly from: Instant; readonly to: Instant; readonly text: Localized }

const mustBeInUse = async ({ merchants }: Session['composed'], id: string): Promise<Pause | undefined> => {
  const agreement = (await merchants.directory()).agreements.get(id)
  if (!agreement) throw new Ending(EXIT.no, `there is no agreement "${id}": "ebizness agreements list" names them`)
  if (agreement.retired) throw new Ending(EXIT.no, `the agreement "${id}" is retired: nobody is offered it anyway`)
  return agreement.pause
}

const textsOf = (given: readonly string[]): Localized => {
  const texts = given.map((one) => {
    const [, language = '', text = ''] = /^([a-z]{2})=(.*)$/s.exec(one) ?? []
    if (!spokenLanguages.includes(language) || text.trim() === '')
      throw badInput(
        `--text ${one}: write a language and its text, e.g. --text "en=Back at ten". There are ${spokenLanguages.join(', ')}`,
      )
    if (text.length > LONGEST_TEXT) throw badInput(`--text ${language}: at most ${LONGEST_TEXT} letters`)
    return [language, text.trim()] as const
  })
  if (texts.length === 0) throw badInput('--text: say at least in one language why, e.g. --text "en=Back at ten"')
  return Object.fromEntries(texts)
}
