import { DAY_MS, forPeople, type Instant } from '../kernel/time.ts'
import { CannotOpen } from '../platform/crypto/index.ts'
import { AgreementUnusable, makeReady, type Tools } from './ready.ts'
import type { Stored, StoredAgreement, StoredKey } from './stored.ts'

/** What an operator should know of the configuration before a payer meets it. A `fault` keeps payments away; `start` refuses it. */
export type Finding = { readonly severity: 'fault' | 'warning'; readonly about: string; readonly message: string }

/** A new key or certificate takes weeks to agree on with a bank. */
const WARN_BEFORE_MS = 45 * DAY_MS

/** Looks at everything that is not retired. */
export const findingsOf = (stored: Stored, tools: Tools, now: Instant): readonly Finding[] => [
  ...stored.agreements
    .filter(({ retired }) => !retired)
    .flatMap((agreement) => findingsOfAgreement(agreement, tools, now)),
  ...stored.eServices
    .filter(({ retired, mode }) => !retired && mode !== tools.mode)
    .map(
      ({ id, mode }): Finding => ({
        severity: 'fault',
        about: `e-service ${id}`,
        message: `is for ${mode} mode; this hub runs in ${tools.mode} mode: it belongs to another installation`,
      }),
    ),
]

export const findingsOfAgreement = (agreement: StoredAgreement, tools: Tools, now: Instant): readonly Finding[] => {
  const about = `agreement ${agreement.id}`
  try {
    const { channel } = makeReady(agreement, tools)
    const names = Object.entries(channel.keys).filter(([, spec]) => spec.optional !== true)
    const without = names.filter(([name]) => !agreement.keys.some((key) => key.name === name && isValid(key, now)))
    return [
      ...without.map(
        ([name]): Finding => ({
          severity: 'fault',
          about,
          message: `no key "${name}" is valid now: apply one that is`,
        }),
      ),
      ...ending(agreement, now).map((message): Finding => ({ severity: 'warning', about, message })),
    ]
  } catch (error) {
    if (error instanceof AgreementUnusable || error instanceof CannotOpen) {
      return [{ severity: 'fault', about, message: error.message }]
    }
    throw error
  }
}

/** Sentences about what ends soon and what is to be done before. */
const ending = (agreement: StoredAgreement, now: Instant): readonly string[] => [
  ...agreement.keys.flatMap((key) => ofCertificate(key, now)),
  ...[...new Set(agreement.keys.map(({ name }) => name))].flatMap((name) => ofKeys(agreement.keys, name, now)),
  ...(agreement.validTo === undefined || agreement.validTo > now + WARN_BEFORE_MS
    ? []
    : [`${ends(agreement.validTo, now)}: nobody is offered it afterwards; agree on its successor`]),
]

const ofCertificate = ({ name, notAfter, to }: StoredKey, now: Instant): readonly string[] =>
  notAfter === undefined || notAfter > now + WARN_BEFORE_MS || (to !== undefined && to <= now)
    ? []
    : [`the certificate "${name}" ${ends(notAfter, now)}: ask for its successor`]

/** A key may end where another of its name goes on; one that is over already is a fault. */
const ofKeys = (keys: readonly StoredKey[], name: string, now: Instant): readonly string[] => {
  const named = keys.filter((key) => key.name === name)
  const soon = now + WARN_BEFORE_MS
  const valid = named.filter((key) => isValid(key, now))
  const last = Math.max(...valid.map(({ to }) => to ?? Number.POSITIVE_INFINITY))
  if (valid.length === 0 || last > soon || named.some((key) => isValid(key, last))) return []
  return [`the key "${name}" ${ends(last, now)} and none follows it: agree on the next one and apply it`]
}

const ends = (at: Instant, now: Instant): string =>
  `${at <= now ? 'ended' : 'ends'} on ${forPeople(at - 1, 'en', 'Europe/Riga', 'date')}`

export const isValid = ({ from, to }: StoredKey, now: Instant): boolean =>
  (from === undefined || from <= now) && (to === undefined || now < to)
