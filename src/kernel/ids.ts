import type { Instant } from './time.ts'

export type PaymentId = `pay_${string}`
export type AttemptId = `att_${string}`
export type EventId = `evt_${string}`
export type RefundId = `rfd_${string}`
export type MessageId = `msg_${string}`

/** Where randomness comes from: the system, or a seed in a test. Returns `size` random bytes. */
export type Random = (size: number) => Uint8Array

/** Crockford's base 32, lower case: no letters that are taken for digits, safe in addresses and file names. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'

export const base32 = (bytes: Uint8Array): string => {
  let text = ''
  let bits = 0
  let value = 0
  for (const byte of bytes) {
    value = (value << 8) | byte
    bits += 8
    while (bits >= 5) {
      text += ALPHABET[(value >>> (bits - 5)) & 31]
      bits -= 5
    }
    value &= (1 << bits) - 1
  }
  return bits === 0 ? text : text + ALPHABET[(value << (5 - bits)) & 31]
}

const timePart = (now: Instant): string => {
  let text = ''
  let rest = now
  for (let digit = 0; digit < 10; digit++) {
    text = ALPHABET[rest % 32] + text
    rest = Math.floor(rest / 32)
  }
  return text
}

/** A new opaque id: prefix, 50 bits of time (so that rows lie in the order of their making), 80 random bits. */
export const newId = <Prefix extends 'pay' | 'att' | 'evt' | 'rfd' | 'msg' | 'key' | 'job' | 'tsk'>(
  prefix: Prefix,
  now: Instant,
  random: Random,
): `${Prefix}_${string}` => `${prefix}_${timePart(now)}${base32(random(10))}`
