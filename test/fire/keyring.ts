import { Webhook } from 'standardwebhooks'
import { checkSignature, type ReceivedNotice } from '../../src/sdk/signature.ts'

/** The keys that each e-service checks its notices with, while some change theirs. */
export type Keyring = {
  /** What it is given. */
  give(eService: string, keys: readonly string[]): void
  /** It checks with these from now on, and the former ones must sign beside them. */
  change(eService: string, keys: readonly string[]): void
  /** The former ones need not sign any more, or may not. */
  overlap(eService: string, state: 'ending' | 'ended'): void
  /** Undefined: genuine, and signed with the former keys only while it should be. */
  check(eService: string, notice: ReceivedNotice, now: number): string | undefined
  readonly counts: KeyCounts
}

/** Notices to e-services that changed their keys, and those that a listener refused. */
export type KeyCounts = { both: number; newAlone: number; refused: number }

type Held = {
  readonly keys: readonly string[]
  readonly former: readonly string[]
  readonly overlap: 'lasts' | 'ending' | 'ended'
}

export const openKeyring = (): Keyring => {
  const held = new Map<string, Held>()
  const counts: KeyCounts = { both: 0, newAlone: 0, refused: 0 }

  const faultOf = ({ keys, former, overlap }: Held, notice: ReceivedNotice, now: number): string | undefined => {
    const fault = checkSignature(notice, keys, now) ?? foreignFault(notice, keys)
    if (fault !== undefined) return fault
    if (former.length === 0 || overlap === 'ending') return undefined
    const signs = checkSignature(notice, former, now) === undefined
    if (signs === (overlap === 'ended')) return signs ? 'the former keys still sign' : 'the former keys sign no more'
    if (signs) counts.both++
    else counts.newAlone++
    return undefined
  }

  return {
    give: (eService, keys) => void held.set(eService, { keys, former: [], overlap: 'lasts' }),
    change: (eService, keys) =>
      void held.set(eService, { keys, former: held.get(eService)?.keys ?? [], overlap: 'lasts' }),
    overlap: (eService, overlap) => {
      const own = held.get(eService)
      if (own) held.set(eService, { ...own, overlap })
    },
    check: (eService, notice, now) => {
      const own = held.get(eService)
      const fault = own ? faultOf(own, notice, now) : 'it has no keys'
      if (fault !== undefined) counts.refused++
      return fault
    },
    counts,
  }
}

/** By the library that the standard's authors publish, which knows the shared secret only. */
const foreignFault = (
  { id = '', timestamp = '', signature = '', body }: ReceivedNotice,
  keys: readonly string[],
): string | undefined => {
  const secret = keys.find((key) => key.startsWith('whsec_'))
  if (secret === undefined) return 'no secret'
  const headers = { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature }
  try {
    new Webhook(secret).verify(Buffer.from(body), headers)
    return undefined
  } catch (fault) {
    return `standardwebhooks: ${fault}`
  }
}
