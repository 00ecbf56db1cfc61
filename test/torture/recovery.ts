import { setTimeout as pause } from 'node:timers/promises'
import type { HubProcess } from './hub.ts'
import type { Hubs } from './hubs.ts'
import { type Ledger, recovered } from './ledger.ts'
import { order } from './payer.ts'
import type { Surroundings } from './surroundings.ts'

/** How one knows that something is back. */

const POLL_MS = 10
/** An outage this long is the end: on a busy machine a hub starts in a few seconds. */
const RECOVERY_WAIT_MS = 120_000

export const until = async (holds: () => boolean, otherwise: string): Promise<void> => {
  const end = performance.now() + RECOVERY_WAIT_MS
  while (!holds()) {
    if (performance.now() > end) throw new Error(otherwise)
    await pause(POLL_MS)
  }
}

/** Until the database has taken an order again and a hub bears its part of the load. */
export const serves = ({ ledger, hubs }: { readonly ledger: Ledger; readonly hubs: Hubs }): Promise<void> =>
  until(
    () => ledger.outages.size === 0 && hubs.serving().length > 0,
    `the hubs acknowledge nothing, for ${RECOVERY_WAIT_MS / 1_000} s now`,
  )

/** Goes on while further strikes are made; what becomes of it is told. */
export const goOn = (
  { returning, ledger }: { readonly returning: Promise<void>[]; readonly ledger: Ledger },
  work: Promise<void>,
): void => {
  returning.push(work.catch((fault: unknown) => void ledger.breaches.push(String(fault))))
}

/** Asks the process itself, past the balancer, until it has served a payment; killed again meanwhile, it counts from that. */
export const served = async (
  { around, ledger }: { readonly around: Surroundings; readonly ledger: Ledger },
  hub: HubProcess,
  what: string,
  since: number,
): Promise<void> => {
  const strikes = hub.strikes()
  const ordered = await order({ ...around, hubRoot: hub.root }, () => hub.strikes() > strikes)
  if (ordered) recovered(ledger, what, since)
}
