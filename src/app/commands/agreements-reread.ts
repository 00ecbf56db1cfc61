import { rereadUntrusted } from '../../payments/index.ts'
import { Ending, EXIT, type Exit, print, printJson, say } from './output.ts'
import { withSession } from './session.ts'
import { spanOf } from './times.ts'

export type RereadOptions = {
  readonly from?: string
  readonly to?: string
  readonly yes?: boolean
  readonly json?: boolean
}

/** Without `--yes` it only counts. What follows – notices, tasks – is as if the messages had been believed when they came. */
export const rereadMessages = (agreement: string, options: RereadOptions): Promise<Exit> =>
  withSession(async ({ composed: { hub } }) => {
    const dry = options.yes !== true
    const reread = await rereadUntrusted(hub, { agreement, dry, ...spanOf(options, hub.clock.now()) })
    if (!reread) throw new Ending(EXIT.no, `there is no agreement "${agreement}": see ebizness agreements list`)
    const { looked, believed } = reread
    if (options.json) {
      printJson({ agreement, looked, believed, done: !dry })
      return EXIT.done
    }
    print(`${believed} of ${looked} message(s) that were not believed verify now${dry ? '.' : ', and were heard.'}`)
    if (dry && believed > 0) say('Nothing was heard: repeat with --yes to hear them.')
    return EXIT.done
  })
