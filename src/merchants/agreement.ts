import type { Agreement } from '../channels/channel.ts'
import type { Instant } from '../kernel/time.ts'
import type { Keyring } from '../platform/crypto/index.ts'

type Parts = {
  readonly id: string
  readonly settings: unknown
  readonly ring: Keyring
  readonly now: Instant
  /** 32 lower-case hexadecimal digits. */
  readonly nonce: string
}

/** The agreement as a channel sees it: settings, a moment, and a keyring's means by name. */
export const agreementWith = ({ id, settings, ring, now, nonce }: Parts): Agreement<unknown> => ({
  id,
  settings,
  learned: {},
  now,
  nonce,
  sign: (key, algorithm, bytes) => ring.sign(key, algorithm, bytes, now),
  verify: ring.verify,
  digest: (algorithm, parts) => ring.digest(algorithm, parts, now),
})
