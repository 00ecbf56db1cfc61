import { base32, type Random } from '../kernel/ids.ts'
import { sha256 } from '../platform/crypto/index.ts'
import type { Mode } from './directory.ts'

/** What a key may be allowed beyond its e-service's own payments. */
export const SCOPES: readonly string[] = ['payer:read']

const SECRET_BYTES = 32

/** A new API key, to be shown once: `sk_test_…` or `sk_live_…` with 256 random bits. */
export const newApiKey = (mode: Mode, random: Random): string => `sk_${mode}_${base32(random(SECRET_BYTES))}`

/** What is stored of an API key: with 256 random bits a plain SHA-256 cannot be searched. */
export const hashOfApiKey = (key: string): Uint8Array => sha256(key)

const SHAPES: Readonly<Record<Mode, RegExp>> = { test: /^sk_test_[0-9a-z]{52}$/, live: /^sk_live_[0-9a-z]{52}$/ }

/** Whether a text may be an API key of this mode at all; others are not looked up. */
export const looksLikeApiKey = (text: string, mode: Mode): boolean => SHAPES[mode].test(text)
