import { sample, stringMatching } from 'fast-check'
import type { Schema } from './document.ts'
import { faultsOf } from './fits.ts'

/** Texts as a schema wants them, at its limits, and beyond. */
export type Texts = {
  readonly right: readonly string[]
  readonly edges: readonly string[]
  readonly wrong: readonly string[]
}

/** Of one, two and four bytes; the last is one character to JSON Schema, and two to JavaScript. */
const LETTERS = ['a', 'ž', '😀']
/** Where a schema sets no end, none is looked for beyond this. */
const LONG = 400
/** A text that matches a pattern is looked for among so many. */
const SAMPLES = 40

/** Right and wrong by rules that no pattern tells. */
const BY_FORMAT: Readonly<Record<string, { readonly right: readonly string[]; readonly wrong: readonly string[] }>> = {
  'date-time': {
    right: ['2026-11-25T00:00:00Z', '2000-02-29T23:59:59.999999999+14:00', '1970-01-01T00:00:00-00:00'],
    wrong: ['', '2026-11-25', '2026-11-25T00:00:00', '25.11.2026 00:00', '1764028800', '2026-11-25T00:00:00ZZ'],
  },
  uri: {
    right: ['https://town.example/back?a=1&b=%20#c', 'http://localhost:1', 'https://ā.example/'],
    wrong: ['', 'town.example', '/back', '//town.example/back', 'https', ':'],
  },
  email: {
    right: ['anna@example.org', 'a.b+c@mail.example.org'],
    wrong: ['', 'anna', '@example.org', 'anna@', 'anna berzina@example.org', 'a@b@example.org'],
  },
}

const made = new Map<string, Texts>()

/** Throws when it cannot make any: a rule that nobody can keep is a rule that nobody tries. */
export const textsOf = (schema: Schema): Texts => {
  const name = JSON.stringify(schema)
  const known = made.get(name)
  if (known) return known
  const fits = (text: string): boolean => faultsOf({}, schema, text).length === 0
  const pool = [...examplesOf(schema), ...formatted(schema), ...matching(schema), ...ofLengths(schema, 0)]
  const right = unique(pool).filter((text) => isStorable(text) && fits(text))
  const [first] = right
  if (first === undefined) throw new Error(`say how a text is made that fits ${name}`)
  const longest = [...right].sort((a, b) => b.length - a.length)[0] ?? first
  const shortest = [...right].sort((a, b) => a.length - b.length)[0] ?? first
  const [stretched, shrunk] = [outermost(longest, longer, fits), outermost(shortest, shorter, fits)]
  const wrong = [
    ...(BY_FORMAT[schema.format ?? '']?.wrong ?? []),
    ...ofLengths(schema, 1),
    ...[stretched, ...right.slice(0, 1)].flatMap(spoiltOnce),
    ...longer(stretched).slice(0, 3),
    ...shorter(shrunk).slice(0, 3),
  ]
  const edges = unique([...ofLengths(schema, 0).filter(fits), stretched, shrunk, ...right.slice(0, 4)])
  const texts = { right, edges, wrong: unique(wrong).filter((text) => isStorable(text) && !fits(text)) }
  made.set(name, texts)
  return texts
}

const unique = (texts: readonly string[]): readonly string[] => [...new Set(texts)]
/** No text of PostgreSQL holds the others, and no schema says so. */
const isStorable = (text: string): boolean => !text.includes('\0') && !/\p{Surrogate}/u.test(text)

const examplesOf = ({ example }: Schema): readonly string[] => (typeof example === 'string' ? [example] : [])

const formatted = ({ format }: Schema): readonly string[] => {
  if (format === undefined) return []
  const known = BY_FORMAT[format]
  if (!known) throw new Error(`say which texts are right and wrong of the format ${format}`)
  return known.right
}

const matching = ({ pattern }: Schema): readonly string[] =>
  pattern === undefined
    ? []
    : sample(stringMatching(new RegExp(pattern, 'u'), { size: 'medium' }), { numRuns: SAMPLES, seed: 1 })

/** Of exactly the shortest and longest length, or beyond them. */
const ofLengths = ({ minLength = 0, maxLength = LONG }: Schema, beyond: number): readonly string[] =>
  [minLength - beyond, maxLength + beyond]
    .filter((length) => length >= 0)
    .flatMap((length) => LETTERS.map((letter) => letter.repeat(length)))

const longer = (text: string): readonly string[] => {
  const letters = [...text]
  return letters.map((letter, at) => [...letters.slice(0, at), letter, ...letters.slice(at)].join(''))
}
const shorter = (text: string): readonly string[] => {
  const letters = [...text]
  return letters.map((_, at) => letters.toSpliced(at, 1).join(''))
}

/** As far as it goes step by step. */
const outermost = (
  text: string,
  further: (text: string) => readonly string[],
  fits: (text: string) => boolean,
): string => {
  for (let now = text; ; ) {
    const next = now.length < LONG ? further(now).find(fits) : undefined
    if (next === undefined) return now
    now = next
  }
}

const spoiltOnce = (text: string): readonly string[] => [
  '',
  ' ',
  `${text} `,
  ` ${text}`,
  `${text}\n`,
  `${text}ž`,
  text.toUpperCase(),
  text.toLowerCase(),
  text.replace(/\d/, '١'),
  text.replace(/^./u, '😀'),
  text.replace(/.$/u, "'"),
]
