import { createHash, timingSafeEqual } from 'node:crypto'

export const sha256 = (value: string | Uint8Array): Uint8Array => createHash('sha256').update(value).digest()

export const sha256Hex = (value: string | Uint8Array): string => createHash('sha256').update(value).digest('hex')

/** Equal bytes, in a time that does not tell where they differ. A difference of length is told. */
export const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && timingSafeEqual(a, b)
