import type { EventId } from '../../kernel/ids.ts'
import type { ReplayWanted } from '../../notices/index.ts'
import { findPayment } from '../../payments/index.ts'
import { badInput, Ending, EXIT, type Exit, print, printJson, say } from './output.ts'
import { type Session, withSession } from './session.ts'
import { spanOf } from './times.ts'

export type ReplayOptions = {
  readonly event?: string
  readonly payment?: string
  readonly eService?: string
  readonly from?: string
  readonly to?: string
  readonly yes?: boolean
  readonly json?: boolean
}

/** Without `--yes` it only counts. What is to be sent is sent by the hub's processes, within a second. */
export const replayNotices = (options: ReplayOptions): Promise<Exit> =>
  withSession(async (session) => {
    const wanted = await wantedOf(session, options)
    const replayed = await session.composed.notices.replay(wanted, options.yes !== true)
    if (!replayed) throw new Ending(EXIT.no, `there is no event ${options.event}`)
    const { eService, events, addresses } = replayed
    if (options.json) printJson({ ...replayed, done: options.yes === true && addresses > 0 })
    if (addresses === 0)
      throw new Ending(EXIT.no, `the e-service ${eService} hears no notices: name an address in cma.yaml and apply it`)
    if (options.json) return EXIT.done
    const told = `${events} notice(s) to ${addresses} address(es) of ${eService}`
    if (options.yes) print(`${told} go out again, with the ids they had and each payment's in order.`)
    else {
      print(`${told} would go out again.`)
      say('Nothing was sent: repeat with --yes to send them.')
    }
    return EXIT.done
  })

const isEventId = (text: string): text is EventId => /^evt_[0-9a-z]{26}$/.test(text)

const wantedOf = async ({ composed }: Session, options: ReplayOptions): Promise<ReplayWanted> => {
  const { event, payment, eService } = options
  if ([event, payment, eService].filter((one) => one !== undefined).length !== 1)
    throw badInput('name what to send again: one of --event, --payment, --e-service')
  if (eService === undefined && (options.from ?? options.to) !== undefined)
    throw badInput('--from and --to go with --e-service')
  if (event !== undefined) {
    if (!isEventId(event)) throw badInput(`--event ${event}: must be an event's id, evt_…`)
    return { event }
  }
  if (payment !== undefined) {
    const story = await findPayment(composed.hub.db, payment)
    if (!story) throw new Ending(EXIT.no, `there is no payment ${payment}`)
    return { eService: story.payment.eService, subject: payment }
  }
  if (eService === undefined || !(await composed.merchants.directory()).eServices.has(eService))
    throw badInput(`--e-service: there is no e-service "${eService}"`)
  return { eService, ...spanOf(options, composed.hub.clock.now()) }
}
