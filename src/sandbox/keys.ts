import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import type { SignatureAlgorithm } from '../channels/channel.ts'
import type { Bank } from '../channels/simulator.ts'

/** What the simulated banks sign with and verify by: KeyObjects, since parsing a PEM each time is three times slower. */
export type WorldKeys = {
  readonly agreements: Readonly<Record<string, AgreementKeys>>
  /** Keys that nobody has agreed on, one a kind. */
  readonly strangers: readonly KeyObject[]
}

export type AgreementKeys = {
  /** The bank's private keys: the present one, the next. */
  readonly bank: readonly KeyObject[]
  /** The merchant's public key, where the merchant signs. */
  readonly merchant?: KeyObject
}

export const privateKey = (pem: string): KeyObject => createPrivateKey(pem)
export const publicKey = (pem: string): KeyObject => createPublicKey(pem)

const HASH: Readonly<Record<SignatureAlgorithm, string | null>> = {
  'rsa-sha1': 'sha1',
  'rsa-sha256': 'sha256',
  'rsa-sha512': 'sha512',
  'ecdsa-p256-sha256': 'sha256',
  'ecdsa-p384-sha384': 'sha384',
  ed25519: null,
}

const kindOf = (algorithm: SignatureAlgorithm): string => algorithm.split('-')[0]?.replace('ecdsa', 'ec') ?? ''

const STRANGER = 9

/** A simulated bank's signing and verifying. Throws when the world was given no key for what the simulator asks. */
export const bankKeys = (keys: WorldKeys): Pick<Bank, 'sign' | 'verify'> => ({
  sign: async (agreement, algorithm, bytes, which = 0) => {
    const kind = kindOf(algorithm)
    const key =
      which === STRANGER
        ? keys.strangers.find((one) => one.asymmetricKeyType === kind)
        : keys.agreements[agreement]?.bank[which]
    if (!key) throw new Error(`the simulated bank has no key ${which} (${kind}) for the agreement ${agreement}`)
    return signed(key, algorithm, bytes)
  },
  verify: async (agreement, algorithm, bytes, signature) => {
    const key = keys.agreements[agreement]?.merchant
    return (
      key?.asymmetricKeyType === kindOf(algorithm) &&
      verify(HASH[algorithm], bytes, { key, dsaEncoding: 'ieee-p1363' }, signature)
    )
  },
})

/** In the thread pool: a bench drives thousands of these beside the hub. */
const signed = (key: KeyObject, algorithm: SignatureAlgorithm, bytes: Uint8Array): Promise<Uint8Array> =>
  new Promise((resolve, reject) => {
    sign(HASH[algorithm], bytes, { key, dsaEncoding: 'ieee-p1363' }, (error, signature) =>
      error ? reject(error) : resolve(signature),
    )
  })
