/** Chance from a seed: the same numbers again, though what meets what is up to the machine. */
export type Chance = {
  /** From 0 to 1. */
  next(): number
  /** A whole number, both ends included. */
  between(least: number, most: number): number
  /** Whether something happens that happens so often, 0 to 1. */
  happens(howOften: number): boolean
  pick<Value>(first: Value, ...more: readonly Value[]): Value
}

/** Mulberry32: 32 bits of state, good enough for moments and choices. */
export const chanceFrom = (seed: number): Chance => {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const between = (least: number, most: number): number => least + Math.floor(next() * (most - least + 1))
  return {
    next,
    between,
    happens: (howOften) => next() < howOften,
    pick: (first, ...more) => [first, ...more][between(0, more.length)] ?? first,
  }
}
