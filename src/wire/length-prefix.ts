import { fail, ok, type Result } from '../kernel/result.ts'
import { type Charset, encode } from './charset.ts'

/** What the three digits count: code points (the specifications), or bytes of the message's charset (old dialects). */
export type LengthUnit = 'chars' | 'bytes'

/** Three digits hold no more; the banks' own field limits stay far below. */
export const MAX_LENGTH = 999

/** Length of a text as the bank counts it. Errors: a letter that the charset lacks. */
export const lengthOf = (text: string, unit: LengthUnit, charset: Charset): Result<number, string> => {
  if (unit === 'chars') return ok([...text].length)
  const bytes = encode(text, charset)
  return bytes.ok ? ok(bytes.value.length) : bytes
}

/**
 * The text that IPizza, e-Link and Luminor Link sign: each value after its length in three digits, an absent one as `000`
 * (Swedbank LV BankLink 2019; protocols of the family §1.4). Errors: a value over 999, a letter that the charset lacks.
 */
export const lengthPrefixed = (
  values: readonly string[],
  unit: LengthUnit,
  charset: Charset,
): Result<string, string> => {
  let text = ''
  for (const value of values) {
    const length = lengthOf(value, unit, charset)
    if (!length.ok) return length
    if (length.value > MAX_LENGTH) return fail(`a value of ${length.value} ${unit} is longer than ${MAX_LENGTH}`)
    text += String(length.value).padStart(3, '0') + value
  }
  return ok(text)
}
