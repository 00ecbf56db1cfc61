import { DAY_MS, forPeople, type Instant } from '../kernel/time.ts'
import { CannotOpen } from '../platform/crypto/index.ts'
import { AgreementUnusable, makeReady, type Tools } from './ready.ts'
import type { Stored, StoredAgreement, StoredKey } from './stored.ts'

/** What an operator should know of the configuration before a payer meets it. A `fault` keeps payments away; `start` refuses it. */
export type Finding = { readonly severity: 'fault' | 'warning'; readonly about: string; readonly message: string }

/** Renewing a certificate with a bank takes weeks. */
const WARN_BEFORE_MS = 45 * DAY_MS

/** Looks at everything that is not retired. */
export const findingsOf = (stored: Stored, tools: Tools, now: Instant): readonly Finding[] => [
  ...stored.agreements.filter(({ retired }) => !retired).flatMap((agreement) => ofAgreement(agreement, tools, now)),
  ...stored.eServices
    .filter(({ retired, mode }) => !retired && mode !== tools.mode)
    .map(
      ({ id, mode }): Finding => ({
        severity: 'fault',
        about: `e-service ${id}`,
        message: `is for ${mode} mode; this hub runs in ${tools.mode} mode`,
      }),
    ),
]

const ofAgreement = (agreement: StoredAgreement, tools: Tools, now: Instant): readonly Finding[] => {
  const about = `agreement ${agreement.id}`
  try {
    const { channel } = makeReady(agreement, tools)
    const names = Object.entries(channel.keys).filter(([, spec]) => spec.optional !== true)
    const without = names.filter(([name]) => !agreement.keys.some((key) => key.name === name && isValid(key, now)))
    return [
      ...without.map(([name]): Finding => ({ severity: 'fault', about, message: `no key "${name}" is valid now` })),
      ...agreement.keys.flatMap((key) => ofCertificate(about, key, now)),
    ]
  } catch (error) {
    if (error instanceof AgreementUnusable || error instanceof CannotOpen) {
      return [{ severity: 'fault', about, message: error.message }]
    }
    throw error
  }
}

const ofCertificate = (about: string, { name, notAfter, to }: StoredKey, now: Instant): readonly Finding[] => {
  if (notAfter === undefined || notAfter > now + WARN_BEFORE_MS || (to !== undefined && to <= now)) return []
  const day = forPeople(notAfter, 'en', 'Europe/Riga', 'date')
  const message = `the certificate "${name}" ${notAfter <= now ? 'ended on' : 'ends on'} ${day}: ask for its successor`
  return [{ severity: 'warning', about, message }]
}

const isValid = ({ from, to }: StoredKey, now: Instant): boolean =>
  (from === undefined || from <= now) && (to === undefined || now < to)
