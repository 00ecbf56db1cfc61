import { createCipheriv, createDecipheriv } from 'node:crypto'
import type { Random } from '../../kernel/ids.ts'
import { fail, ok, type Result } from '../../kernel/result.ts'
import { type Secret, secret } from '../../kernel/secret.ts'

/**
 * What the database may hold of a secret: AES-256-GCM under a master key that is not in the database (NIST SP 800-38D), bound to
 * what it is about, so that a sealed text moved to another row does not open.
 */
export type Sealer = {
  /** Seals a text with the newest master key. `about` says whose it is, e.g. merchant, agreement, name. */
  seal(text: string, about: readonly string[]): string
  /** Throws `CannotOpen` when it was sealed under an unknown master key, about something else, or was altered. */
  open(sealed: string, about: readonly string[]): Secret
  /** Whether the newest master key sealed it; if not, `keys rotate` seals it again. */
  isCurrent(sealed: string): boolean
}

export type MasterKeys = {
  readonly newest: number
  readonly byVersion: ReadonlyMap<number, Uint8Array>
}

/** A sealed text does not open. The message says which master key is wanted, never what was inside. */
export class CannotOpen extends Error {
  override readonly name = 'CannotOpen'
}

const KEY_BYTES = 32
const NONCE_BYTES = 12
const TAG_BYTES = 16

/**
 * Reads `EBIZNESS_MASTER_KEY`: 32 bytes in base64, or several as `2:…,1:…` while stored keys move to a new one; the highest version
 * seals. One without a version is version 1. Errors: a sentence that says what is wrong, without the key.
 */
export const parseMasterKeys = (text: string): Result<MasterKeys, string> => {
  const byVersion = new Map<number, Uint8Array>()
  for (const part of text.split(',')) {
    const match = /^\s*(?:([1-9]\d{0,5}):)?([A-Za-z0-9+/_-]+={0,2})\s*$/.exec(part)
    if (!match) return fail('the master key must be 32 bytes in base64, or several as "2:BASE64,1:BASE64"')
    const version = Number(match[1] ?? 1)
    const key = Buffer.from(match[2] ?? '', 'base64')
    if (key.length !== KEY_BYTES) return fail(`master key ${version} has ${key.length} bytes; 32 are needed`)
    if (byVersion.has(version)) return fail(`master key ${version} is given twice`)
    byVersion.set(version, key)
  }
  return ok({ newest: Math.max(...byVersion.keys()), byVersion })
}

/** Unambiguous: no two lists of words give the same bytes. */
const associated = (version: number, about: readonly string[]): Uint8Array =>
  Buffer.from(JSON.stringify([version, ...about]))

export const openSealer = (keys: MasterKeys, random: Random): Sealer => ({
  seal(text, about) {
    const key = keyOf(keys, keys.newest)
    const nonce = random(NONCE_BYTES)
    const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES })
    cipher.setAAD(associated(keys.newest, about))
    const bytes = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()])
    return `${keys.newest}.${bytes.toString('base64url')}`
  },

  open(sealed, about) {
    const { version, bytes } = parts(sealed)
    const key = keyOf(keys, version)
    const end = bytes.length - TAG_BYTES
    if (end < NONCE_BYTES) throw new CannotOpen('the sealed text is cut short')
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
    decipher.setAAD(associated(version, about))
    decipher.setAuthTag(bytes.subarray(end))
    try {
      const text = Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, end)), decipher.final()])
      return secret(text.toString('utf8'))
    } catch {
      throw new CannotOpen(`${about.join(' / ')} does not open: sealed under another master key, moved, or altered`)
    }
  },

  isCurrent: (sealed) => parts(sealed).version === keys.newest,
})

/** The same text under the newest master key. */
export const sealAnew = (sealer: Pick<Sealer, 'seal' | 'open'>, sealed: string, about: readonly string[]): string =>
  sealer.seal(sealer.open(sealed, about).reveal(), about)

/** What became of sealed texts under the master keys that there are. */
export type SealedCount = {
  /** Under the newest. */
  readonly current: number
  /** Under an older one that is given beside it. */
  readonly older: number
  /** Under one that is not given, or altered. */
  readonly closed: number
}

/** Opens each; nothing of what was inside is kept. */
export const countSealed = (
  sealer: Pick<Sealer, 'open' | 'isCurrent'>,
  texts: readonly { readonly sealed: string; readonly about: readonly string[] }[],
): SealedCount => {
  const count = { current: 0, older: 0, closed: 0 }
  for (const { sealed, about } of texts) count[judge(sealer, sealed, about)] += 1
  return count
}

const judge = (
  sealer: Pick<Sealer, 'open' | 'isCurrent'>,
  sealed: string,
  about: readonly string[],
): keyof SealedCount => {
  try {
    sealer.open(sealed, about)
    return sealer.isCurrent(sealed) ? 'current' : 'older'
  } catch (fault) {
    if (fault instanceof CannotOpen) return 'closed'
    throw fault
  }
}

const parts = (sealed: string): { readonly version: number; readonly bytes: Buffer } => {
  const match = /^(\d{1,6})\.([A-Za-z0-9_-]+)$/.exec(sealed)
  if (!match) throw new CannotOpen('this is not a sealed text')
  return { version: Number(match[1]), bytes: Buffer.from(match[2] ?? '', 'base64url') }
}

const keyOf = (keys: MasterKeys, version: number): Uint8Array => {
  const key = keys.byVersion.get(version)
  if (key) return key
  throw new CannotOpen(
    `master key ${version} is needed: give it beside the newest one, as "${keys.newest}:…,${version}:…"`,
  )
}
