import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'
import { SECOND_MS, systemClock, toRfc3339 } from '../../src/kernel/time.ts'
import { execute } from '../support/test-server.ts'
import type { Address } from './addresses.ts'
import type { Hubs } from './hub.ts'
import type { Keyring } from './keyring.ts'
import type { Ledger } from './ledger.ts'
import { growingS, type Paying, payEach, type Shop } from './load.ts'

/** What befalls the hub while payments are made, and what an operator does meanwhile, by the commands that operators have. */

export type Operating = {
  readonly hubs: Hubs
  readonly ledger: Ledger
  readonly keyring: Keyring
  readonly paying: Paying
  readonly seconds: number
  /** The hubs' database. */
  readonly url: string
  readonly say: (line: string) => void
}

/** Those with whom something is done, so that each is paid at the very end once more. */
export type Concerned = { readonly rotated: readonly Shop[]; readonly replayed: readonly Shop[] }

export const concernedOf = (addresses: readonly Address[], hubs: Hubs): Concerned => {
  const healthy = shopsOf(addresses, hubs, 'healthy')
  const count = Math.min(MOST_CONCERNED, Math.max(FEWEST_CONCERNED, Math.round(addresses.length / 100)))
  const spread = (from: number) => Array.from({ length: count }, (_, place) => from + place * 2)
  const at = (places: readonly number[]) => places.flatMap((place) => healthy[place] ?? [])
  return { rotated: at(spread(0)), replayed: at(spread(1)) }
}

export const NOBODY: Concerned = { rotated: [], replayed: [] }

const FEWEST_CONCERNED = 2
const MOST_CONCERNED = 10

export const shopsOf = (addresses: readonly Address[], { access }: Hubs, kind: Address['kind']): readonly Shop[] =>
  addresses.flatMap((one) => {
    const apiKey = access.get(one.eService)?.apiKey
    return one.kind === kind && apiKey !== undefined ? [{ eService: one.eService, apiKey }] : []
  })

/** Keys are changed and notices sent once more; beside it all a hub is killed. */
export const operate = async (operating: Operating, concerned: Concerned): Promise<void> => {
  const began = systemClock.now()
  const { seconds, paying, say } = operating
  const rotating = concerned.rotated.map(async (shop, place) => {
    await pause(growingS(seconds) * SECOND_MS + place * BETWEEN_COMMANDS_MS)
    await rotate(operating, shop, `TAKEN-${place + 1}`)
  })
  const replaying = async (): Promise<void> => {
    await payEach(paying, concerned.replayed, 'EARLY')
    await pause((seconds * SECOND_MS) / 3)
    for (const shop of concerned.replayed) await replay(operating, shop, began)
  }
  const striking = async (): Promise<void> => {
    await pause(seconds * SECOND_MS * KILL_AT)
    const from = performance.now()
    await operating.hubs.strike()
    operating.ledger.strikes.push({ from, to: performance.now() })
    say('A hub was killed and serves again.')
  }
  const changing = async (): Promise<void> => {
    await Promise.all(rotating)
    await endOverlap(operating, concerned.rotated)
    say('Keys are changed.')
  }
  await Promise.all([changing(), replaying(), striking()])
}

/** Of the time: enough before it for what is measured without it, enough after it to see the hub well again. */
const KILL_AT = 0.6
/** A command is a process of its own, which takes most of a processor for a second. */
const BETWEEN_COMMANDS_MS = 1_000
/** The e-service takes its new keys on so much later, as a person would; what was on its way by then has come. */
const TAKEN_ON_AFTER_MS = 5_000
/** How long notices that must come are waited for. */
const COME_MS = 30_000

const Keys = z.array(z.object({ secret: z.string(), publicKey: z.string() }))

const rotate = async ({ hubs, keyring, paying, ledger }: Operating, shop: Shop, name: string): Promise<void> => {
  const { eService } = shop
  const told = Keys.parse(await hubs.command('keys', 'notices', '--e-service', eService, '--rotate'))
  await pause(TAKEN_ON_AFTER_MS)
  keyring.change(
    eService,
    told.flatMap(({ secret, publicKey }) => [secret, publicKey]),
  )
  const before = heardBy(ledger, eService)
  await payEach(paying, [shop], name)
  const until = performance.now() + COME_MS
  while (heardBy(ledger, eService) === before && performance.now() < until) await pause(AGAIN_MS)
}

const AGAIN_MS = 100
const heardBy = ({ heard }: Ledger, eService: string): number =>
  [...heard.values()].filter((one) => one.eService === eService).length

/** Brings the end of the overlap forward: nobody waits a day. */
const endOverlap = async ({ keyring, url }: Operating, shops: readonly Shop[]): Promise<void> => {
  const overlap = (state: 'ending' | 'ended'): void => {
    for (const { eService } of shops) keyring.overlap(eService, state)
  }
  overlap('ending')
  const names = shops.map(({ eService }) => `'${eService}'`).join()
  await execute(
    url,
    `update notices.signing_key k set ends_at = now() from notices.address a
     where a.id = k.address and a.merchant = k.merchant and a.e_service in (${names}) and k.ends_at is not null`,
  )
  await pause(TAKEN_ON_AFTER_MS)
  overlap('ended')
}

/** What is younger may not be written down as acknowledged yet: what is owed is not owed twice. */
const SURELY_WRITTEN_MS = 3_000
const Replayed = z.object({ events: z.int(), done: z.literal(true) })

const replay = async ({ hubs, ledger }: Operating, { eService }: Shop, from: number): Promise<void> => {
  const at = performance.now()
  const to = systemClock.now() - SURELY_WRITTEN_MS
  const span = ['--from', toRfc3339(from), '--to', toRfc3339(to)]
  const { events } = Replayed.parse(await hubs.command('notices', 'replay', '--e-service', eService, ...span, '--yes'))
  ledger.replays.push({ eService, from, to, at, events })
}
