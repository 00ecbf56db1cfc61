import {
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  verify,
} from 'node:crypto'
import type { Instant } from '../../kernel/time.ts'
import type { Agreement, Channel, DigestAlgorithm, SignatureAlgorithm } from '../channel.ts'
import type { Bank } from '../simulator.ts'

/** Keys of an agreement by name, in the shape of `--settings` files: ours, the bank's (several while one rolls over), secrets. */
export type TestKeys = Readonly<Record<string, TestKey>>
export type TestKey =
  | string
  | { readonly privateKey: string; readonly certificate?: string }
  | readonly { readonly publicKey: string; readonly from?: Instant; readonly to?: Instant }[]

/** An agreement as a test has it: real signatures, keys in the open. Throws when the settings are not the channel's. */
export const testAgreement = <Settings>(
  channel: Channel<Settings>,
  given: {
    readonly settings: unknown
    readonly keys: TestKeys
    readonly now: Instant
    readonly nonce?: string
    readonly learned?: Readonly<Record<string, unknown>>
  },
): Agreement<Settings> => ({
  id: 'test-agreement',
  settings: channel.settings.parse(given.settings),
  learned: given.learned ?? {},
  now: given.now,
  nonce: given.nonce ?? '0123456789abcdef0123456789abcdef',
  sign: async (name, algorithm, bytes) => {
    const key = given.keys[name]
    if (typeof key !== 'object' || !('privateKey' in key)) throw new Error(`the test gives no private key "${name}"`)
    return signed(algorithm, bytes, key.privateKey)
  },
  verify: async (name, algorithm, bytes, signature, at) => {
    const keys = given.keys[name]
    if (!Array.isArray(keys)) throw new Error(`the test gives no public keys "${name}"`)
    return keys
      .filter(({ from = 0, to = Number.POSITIVE_INFINITY }) => from <= at && at < to)
      .some(({ publicKey }) => isSigned(algorithm, bytes, publicKey, signature))
  },
  digest: async (algorithm, parts) => digested(algorithm, parts, (name) => secretOf(given.keys, name)),
})

/** The bank's side of the same agreement. `keys`: its present key, its next ones; `which` 9 signs with the stranger's. */
export const testBank = (given: {
  readonly now: Instant
  readonly root: string
  readonly nonce?: string
  readonly keys: readonly string[]
  readonly stranger: string
  readonly merchant?: string
}): Bank => ({
  now: given.now,
  root: given.root,
  nonce: given.nonce ?? 'fedcba9876543210fedcba9876543210',
  sign: async (_agreement, algorithm, bytes, which = 0) => {
    const key = which === 9 ? given.stranger : given.keys[which]
    if (key === undefined) throw new Error(`the test gives the bank no key ${which}`)
    return signed(algorithm, bytes, key)
  },
  verify: async (_agreement, algorithm, bytes, signature) =>
    given.merchant !== undefined && isSigned(algorithm, bytes, given.merchant, signature),
})

/** A fresh key pair for one run, as PEM. */
export const throwAwayKeys = (kind: 'rsa' | 'ed25519'): { readonly privateKey: string; readonly publicKey: string } => {
  const { privateKey, publicKey } =
    kind === 'rsa' ? generateKeyPairSync('rsa', { modulusLength: 2048 }) : generateKeyPairSync('ed25519')
  return {
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  }
}

/** The value of a named secret, for the calls that carry it. */
export const secretOf = (keys: TestKeys, name: string): string => {
  const secret = keys[name]
  if (typeof secret !== 'string') throw new Error(`the test gives no secret "${name}"`)
  return secret
}

const HASHES: Readonly<Record<SignatureAlgorithm, string | null>> = {
  'rsa-sha1': 'sha1',
  'rsa-sha256': 'sha256',
  'rsa-sha512': 'sha512',
  'ecdsa-p256-sha256': 'sha256',
  'ecdsa-p384-sha384': 'sha384',
  ed25519: null,
}

const signed = (algorithm: SignatureAlgorithm, bytes: Uint8Array, pem: string): Uint8Array =>
  new Uint8Array(sign(HASHES[algorithm], bytes, { key: createPrivateKey(pem), dsaEncoding: 'ieee-p1363' }))

const isSigned = (algorithm: SignatureAlgorithm, bytes: Uint8Array, pem: string, signature: Uint8Array): boolean =>
  verify(HASHES[algorithm], bytes, { key: createPublicKey(pem), dsaEncoding: 'ieee-p1363' }, signature)

const digested = (
  algorithm: DigestAlgorithm,
  parts: readonly (Uint8Array | { readonly secret: string })[],
  secret: (name: string) => string,
): Uint8Array => {
  const hash =
    typeof algorithm === 'string' ? createHash(algorithm) : createHmac(algorithm.hmac, secret(algorithm.secret))
  for (const part of parts) hash.update('secret' in part ? secret(part.secret) : part)
  return new Uint8Array(hash.digest())
}
