import { isIP } from 'node:net'
import { asHost, METADATA } from '../../support/closed-addresses.ts'
import type { Chance } from '../../torture/chance.ts'
import { beginnings, kindOf } from './registry.ts'

/** An address drawn by chance, how it is written, and what it is by whoever drew it: nobody has to read the spelling to know. */
export type Spelled = {
  /** As it stands in a URL. */
  readonly host: string
  /** As a name server tells it: IPv6 in eight groups. */
  readonly plain: string
  readonly how: string
  /** Of which kind of closed address; undefined for a public one. */
  readonly kind: string | undefined
}

const MAX_4 = 2n ** 32n - 1n

/** One in ten is a cloud's metadata service, a third an IPv6 address, and of those as many hold an IPv4 one. */
export const spelled = (chance: Chance): Spelled => {
  if (chance.happens(0.1)) return metadata(chance)
  if (chance.happens(0.2)) {
    const value = drawn(6, chance)
    const plain = groupsOf(value).join(':')
    return { host: `[${writtenAs6(value, chance)}]`, plain, how: 'IPv6', kind: kindOf(plain) }
  }
  const value = drawn(4, chance)
  const kind = kindOf(dotted(value))
  if (chance.happens(0.3)) {
    const [how, wrap] = chance.pick(...WRAPPINGS)
    const wrapped = wrap(value, chance)
    return { host: `[${writtenAs6(wrapped, chance)}]`, plain: groupsOf(wrapped).join(':'), how, kind }
  }
  const [how, write] = chance.pick(...WAYS)
  return { host: write(value, chance), plain: dotted(value), how, kind }
}

const metadata = (chance: Chance): Spelled => {
  const [first = '', ...others] = METADATA.filter((address) => isIP(address) === 4)
  const [six = '', ...more] = METADATA.filter((address) => isIP(address) === 6)
  const kind = 'metadata'
  if (chance.happens(0.3)) {
    const address = chance.pick(six, ...more)
    const host = asHost(chance.happens(0.5) ? address.toUpperCase() : address)
    // Unlike the spelling, what a name means is written by others: so another address of the same kind.
    return { host, plain: 'fd00:ec2:0:0:0:0:0:254', how: 'IPv6', kind }
  }
  const address = chance.pick(first, ...others)
  const [how, write] = chance.pick(...WAYS)
  return { host: write(read(address), chance), plain: address, how, kind }
}

// --------------------------------------------------------------------------------------------------------------------------- which

/** Within a closed range, at its edges or right beside them; now and then any public one, or nearly any. */
const drawn = (family: 4 | 6, chance: Chance): bigint => {
  const size = family === 4 ? 32n : 128n
  const [one, ...others] = beginnings(family)
  if (!one || chance.happens(0.3))
    return family === 4 ? anyOf(size, chance) : (BigInt(chance.between(0x2400, 0x2fff)) << 112n) + anyOf(112n, chance)
  const [text, bits] = chance.pick(one, ...others)
  const first = read(text)
  const span = 1n << (size - BigInt(bits))
  const inside = anyOf(size, chance) % span
  const value = first + chance.pick(0n, span - 1n, -1n, span, inside, inside, inside)
  const whole = 1n << size
  return (value + whole) % whole
}

const anyOf = (bits: bigint, chance: Chance): bigint =>
  Array.from({ length: Number(bits / 16n) }, () => BigInt(chance.between(0, 0xffff))).reduce(
    (sum, part) => (sum << 16n) + part,
    0n,
  )

/** Of the tables only: `10.0.0.0`, `2001:db8::`. */
const read = (text: string): bigint => {
  if (isIP(text) === 4) return text.split('.').reduce((sum, part) => (sum << 8n) + BigInt(part), 0n)
  const groups = text.replace('::', '').split(':')
  return groups.reduce((sum, group, place) => sum + (BigInt(`0x${group}`) << BigInt(16 * (7 - place))), 0n)
}

// ------------------------------------------------------------------------------------------------------------------------- written

const partsOf = (value: bigint): readonly bigint[] => [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 0xffn)
const dotted = (value: bigint): string => partsOf(value).join('.')

/** As C has always read numbers, and so every browser and every `URL`. */
const numeral = (value: bigint, chance: Chance): string =>
  chance.pick(
    value.toString(),
    `0${value.toString(8)}`,
    `000${value.toString(8)}`,
    `0x${value.toString(16)}`,
    `0X${value.toString(16).toUpperCase()}`,
    `0x00${value.toString(16)}`,
  )

const lettered = (text: string, chance: Chance, howOften: number, write: (letter: string) => string): string =>
  Array.from(text, (letter) => (chance.happens(howOften) ? write(letter) : letter)).join('')

/** What is a digit or a dot to Unicode's compatibility forms (UTS 46). */
const lookalike = (letter: string, chance: Chance): string => {
  if (letter === '.') return chance.pick('。', '．', '｡')
  const code = letter.charCodeAt(0) - 48
  return String.fromCodePoint(code + chance.pick(0xff10, 0x1d7ce, 0x1d7d8, 0x1d7f6))
}

type Way = readonly [how: string, write: (value: bigint, chance: Chance) => string]

const WAYS: readonly [Way, ...Way[]] = [
  ['four numbers', dotted],
  [
    'four numbers, octal and hexadecimal',
    (value, chance) =>
      partsOf(value)
        .map((part) => numeral(part, chance))
        .join('.'),
  ],
  ['one number', numeral],
  [
    'two or three numbers',
    (value, chance) => {
      const kept = chance.pick(1, 2)
      const last = value & (MAX_4 >> BigInt(8 * kept))
      return [...partsOf(value).slice(0, kept), last].map((part) => numeral(part, chance)).join('.')
    },
  ],
  ['a dot at its end', (value) => `${dotted(value)}.`],
  [
    'percent-encoded',
    (value, chance) => lettered(dotted(value), chance, 0.7, (letter) => `%${letter.charCodeAt(0).toString(16)}`),
  ],
  [
    'letters that look like digits and dots',
    (value, chance) => lettered(dotted(value), chance, 0.7, (letter) => lookalike(letter, chance)),
  ],
]

type Wrapping = readonly [how: string, wrap: (value: bigint, chance: Chance) => bigint]

const WRAPPINGS: readonly [Wrapping, ...Wrapping[]] = [
  ['IPv4-mapped', (value) => (0xffffn << 32n) + value],
  ['IPv4-compatible', (value) => value],
  ['IPv4-translated', (value) => (0xffffn << 48n) + value],
  ['NAT64', (value) => (0x64_ff9bn << 96n) + value],
  ['6to4', (value, chance) => (0x2002n << 112n) + (value << 80n) + chance.pick(0n, 1n, anyOf(80n, chance))],
]

const groupsOf = (value: bigint): readonly string[] =>
  Array.from({ length: 8 }, (_, place) => ((value >> BigInt(16 * (7 - place))) & 0xffffn).toString(16))

const writtenAs6 = (value: bigint, chance: Chance): string => {
  const groups = groupsOf(value)
  const text = chance.pick(
    groups.join(':'),
    groups.map((group) => group.padStart(4, '0')).join(':'),
    shortened(groups.join(':')),
    `${groups.slice(0, 6).join(':')}:${dotted(value & MAX_4)}`,
    shortened(`${groups.slice(0, 6).join(':')}:${dotted(value & MAX_4)}`),
  )
  return chance.happens(0.3) ? text.toUpperCase() : text
}

/** Two zeros or more, once. */
const shortened = (text: string): string => text.replace(/(^|:)0(:0)+(?=:|$)(:|$)/, '::')
