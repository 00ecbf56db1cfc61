import { createHash } from 'node:crypto'
import type { Reading } from '../channels/channel.ts'
import type { AttemptId } from '../kernel/ids.ts'
import type { Instant } from '../kernel/time.ts'
import type { ReadingFact, Source } from './facts.ts'

/**
 * Of what was read, not of the bytes: whoever holds one signed message can send it again with a parameter more, which no signature
 * covers, and each would be a further fact for ever.
 */
const digestOf = (reading: Reading): string =>
  createHash('sha256').update(JSON.stringify(reading)).digest('hex').slice(0, 32)

/**
 * What a PSP or a browser wrote, as PostgreSQL can hold it: U+0000 and halves of surrogate pairs become U+FFFD. A message must never
 * be lost for a letter; its bytes are kept as they came.
 */
export const storable = <Value>(value: Value): Value => {
  const text = JSON.stringify(value)
  if (text === undefined || !/\\u(0000|d[89a-f])/.test(text)) return value
  return JSON.parse(text, (_, part: unknown) => (typeof part === 'string' ? withoutOddities(part) : part))
}
const withoutOddities = (text: string): string =>
  text.replaceAll('\0', '\ufffd').replaceAll(/\p{Surrogate}/gu, '\ufffd')

/**
 * Readings as facts about an attempt: one that says the same, from the same source, is the same fact, in whatever message it came. An
 * unsigned hint proves nothing and may be sent by anyone who knows the address: there is one fact of each kind and source.
 */
export const heardFrom = (
  readings: readonly Reading[],
  source: Source,
  attempt: AttemptId,
  at: Instant,
): readonly ReadingFact[] =>
  readings.flatMap((reading): readonly ReadingFact[] => {
    if (reading.says === 'untrusted') return []
    const digest = digestOf(reading)
    const hint = reading.says === 'ask' || reading.says === 'nothing'
    const key = `rd:${source}:${hint ? reading.says : digest}:${attempt}`
    return [{ fact: 'reading', key, at, attempt, source, digest, reading }]
  })
