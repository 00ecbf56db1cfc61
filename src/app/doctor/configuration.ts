import type { Directory, Finding } from '../../merchants/index.ts'
import type { SealedCount } from '../../platform/crypto/index.ts'
import { isLoopbackHost } from '../../platform/http/loopback.ts'
import type { Config } from '../config.ts'
import { counted, error, type Found, warning } from './found.ts'

/** What is stored of the configuration, and whether it fits the environment. Pure. */

export const ofFindings = (findings: readonly Finding[]): readonly Found[] =>
  findings.map(({ severity, about, message }) => ({
    severity: severity === 'fault' ? 'error' : 'warning',
    about,
    says: message.startsWith(`${about}: `) ? message.slice(about.length + 2) : message,
  }))

export const ofSealed = (sealed: Readonly<Record<string, SealedCount>>): readonly Found[] => {
  const older = Object.values(sealed).reduce((sum, one) => sum + one.older, 0)
  return [
    ...Object.entries(sealed)
      .filter(([, { closed }]) => closed > 0)
      .map(([what, { closed }]) =>
        error(
          'master key',
          `${counted(closed, 'key', 'keys')} of ${what} cannot be opened: give the master key that sealed them beside the newest one, EBIZNESS_MASTER_KEY=2:NEW,1:FORMER`,
        ),
      ),
    ...(older > 0
      ? [
          warning(
            'master key',
            `${counted(older, 'key is', 'keys are')} still sealed under an older master key: run ebizness keys rotate before you take it away`,
          ),
        ]
      : []),
  ]
}

/** Where live money must not go: without TLS, or to this machine itself. */
export const ofAddresses = (
  config: Pick<Config, 'mode' | 'publicUrl'>,
  { agreements, eServices }: Directory,
  notices: ReadonlyMap<string, readonly string[]>,
): readonly Found[] => {
  if (config.mode !== 'live') return []
  const own = faultOf(config.publicUrl)
  return [
    ...(own
      ? [error('EBIZNESS_PUBLIC_URL', `${config.publicUrl} ${own}: payers and banks cannot reach it safely`)]
      : []),
    ...[...agreements.values()]
      .filter(({ retired }) => !retired)
      .flatMap(({ id, settings }) => wrong(`agreement ${id}`, addressesIn(settings), 'apply the bank’s live address')),
    ...[...eServices.values()]
      .filter(({ retired }) => !retired)
      .flatMap(({ id, returnOrigins }) => [
        ...wrong(`e-service ${id}`, returnOrigins, 'apply the live return origin'),
        ...wrong(`e-service ${id}`, notices.get(id) ?? [], 'apply the live notice address'),
      ]),
  ]
}

const wrong = (about: string, addresses: readonly string[], todo: string): readonly Found[] =>
  addresses.flatMap((address) => {
    const fault = faultOf(address)
    return fault ? [error(about, `${address} ${fault} in live mode: ${todo}`)] : []
  })

const faultOf = (address: string): string | undefined => {
  const url = URL.canParse(address) ? new URL(address) : undefined
  if (!url) return undefined
  if (isLoopbackHost(url.hostname)) return 'is this machine itself'
  return url.protocol === 'http:' ? 'is not https' : undefined
}

/** Every text in an agreement's settings that is an address. */
const addressesIn = (settings: unknown): readonly string[] => {
  if (typeof settings === 'string') return /^https?:\/\//i.test(settings) ? [settings] : []
  return typeof settings === 'object' && settings !== null ? Object.values(settings).flatMap(addressesIn) : []
}
