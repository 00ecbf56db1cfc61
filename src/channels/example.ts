import type { Agreement, Channel, Reading, WireMessage } from './channel.ts'

/** A message that a PSP sent, or that somebody forged, with what must be read in it. */
export type Example = {
  readonly id: string
  readonly origin: string
  readonly message: WireMessage
  /** As in the file of `message read --settings`. */
  readonly agreement: {
    readonly settings: Readonly<Record<string, unknown>>
    readonly keys: Readonly<Record<string, unknown>>
  }
  /** In the words of `wordsOf`, reading by reading. */
  readonly reads: readonly string[]
}

/** A reading in a few words: `paid`, `refused declined`, `untrusted signature`. */
export const wordsOf = (reading: Reading): string => {
  if (reading.says === 'refused') return `refused ${reading.reason}`
  return reading.says === 'untrusted' ? `untrusted ${reading.rule}` : reading.says
}

/** Readings that change nothing. */
export const HARMLESS: readonly Reading['says'][] = ['untrusted', 'ask', 'nothing']

type Replayed = {
  readonly reads: readonly string[]
  /** Copies with one byte altered that were read. */
  readonly altered: number
  /** What does not hold; empty when all does. */
  readonly faults: readonly string[]
}

/** Alterations of one message: so many bytes of it, evenly spread. */
const MOST_ALTERED = 64

/** Reads an example, reads it again, and reads copies of it that differ in one byte: none may be believed to say something else. */
export const replay = async <Settings>(
  channel: Channel<Settings>,
  { message, reads: expected }: Example,
  agreement: Agreement<Settings>,
): Promise<Replayed> => {
  const { readings } = await channel.read(message, agreement)
  const reads = readings.map(wordsOf)
  const faults = same(reads, expected) ? [] : [`is read as ${shown(reads)}, it says ${shown(expected)}`]
  const again = await channel.read(message, agreement)
  if (!same(again.readings, readings)) faults.push('is read otherwise the second time')
  const copies = alteredOnce(message)
  for (const { copy, at } of copies) {
    const heard = await channel.read(copy, agreement)
    const believed = heard.readings.filter(({ says }) => !HARMLESS.includes(says))
    const other = believed.find((reading) => !readings.some((known) => same(known, reading)))
    if (other) faults.push(`altered at byte ${at} it is believed to say ${wordsOf(other)}`)
  }
  return { reads, altered: copies.length, faults }
}

const shown = (words: readonly string[]): string => words.join(', ') || 'nothing'

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

const alteredOnce = (message: WireMessage): readonly { readonly copy: WireMessage; readonly at: number }[] => {
  const { body } = message
  const count = Math.min(body.length, MOST_ALTERED)
  return Array.from({ length: count }, (_, place) => {
    const at = Math.floor((place * body.length) / count)
    return { at, copy: { ...message, body: body.map((byte, index) => (index === at ? byte ^ 1 : byte)) } }
  })
}
