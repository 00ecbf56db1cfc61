import { createPublicKey } from 'node:crypto'
import { fail, ok, type Result } from '../kernel/result.ts'
import { factsOf, type KeyMaterial } from '../platform/crypto/index.ts'
import type { OrderKey } from './directory.ts'
import { readKeys } from './key-entries.ts'
import type { LocatedFile, Place, Problem } from './located.ts'
import { showMoment } from './moments.ts'
import type { Sources } from './sources.ts'
import type { WantedKey } from './wanted.ts'

/** Each key signs with the one algorithm of its type, so that nobody can choose another for it. */
export type OrderAlgorithm = 'EdDSA' | 'ES256' | 'RS256'

/** RFC 7518 §3.3. */
const MIN_RSA_BITS = 2048

export const orderAlgorithm = (publicKey: string): OrderAlgorithm | undefined => {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = createPublicKey(publicKey)
  if (type === 'ed25519') return 'EdDSA'
  if (type === 'ec' && details?.namedCurve === 'prime256v1') return 'ES256'
  return type === 'rsa' && (details?.modulusLength ?? 0) >= MIN_RSA_BITS ? 'RS256' : undefined
}

type PublicKey = Extract<KeyMaterial, { readonly kind: 'public' }>
type WantedOrderKey = WantedKey & { readonly key: PublicKey }

const SPEC = { orderKeys: { kind: 'public', purpose: 'verifies signed orders', optional: true } } as const
const NO_ALGORITHM = `signed orders take Ed25519, P-256 or RSA keys of ${MIN_RSA_BITS} bits or more: give one of these`

/** The `orderKeys` of an e-service. Errors: whatever is wrong with one, at its line. */
export const readOrderKeys = async (
  file: LocatedFile,
  place: Place,
  entries: readonly unknown[] | undefined,
  sources: Sources,
): Promise<Result<readonly WantedOrderKey[], readonly Problem[]>> => {
  const named = entries ? { orderKeys: entries } : {}
  const read = await readKeys(file, place, named, SPEC, { keys: 'named', sources })
  if (!read.ok) return read
  const keys: WantedOrderKey[] = []
  const problems: Problem[] = []
  for (const each of read.value) {
    const { key } = each
    if (key.kind !== 'public') problems.push(file.problem(each.place, 'give the key itself: publicKey: { file: … }'))
    else if (orderAlgorithm(key.pem) === undefined) problems.push(file.problem(each.place, NO_ALGORITHM))
    else keys.push({ ...each, key })
  }
  return problems.length > 0 ? fail(problems) : ok(keys)
}

export const asOrderKey = ({ key, from, to }: WantedOrderKey): OrderKey => ({
  publicKey: key.pem,
  ...(from === undefined ? {} : { from }),
  ...(to === undefined ? {} : { to }),
})

/** By its fingerprint, as other keys are told. */
export const showOrderKey = ({ publicKey, from, to }: OrderKey): string => {
  const name = `sha256:${factsOf({ kind: 'public', pem: publicKey }).fingerprint?.slice(0, 16)}…`
  const start = from === undefined ? '' : ` from ${showMoment(from, 'first')}`
  return `${name}${start}${to === undefined ? '' : ` to ${showMoment(to, 'last')}`}`
}
