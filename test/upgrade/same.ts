/** What `other` has under names that `one` has too, at every depth, sorted: what two releases both speak of. */
export const common = (one: unknown, other: unknown): unknown => {
  if (Array.isArray(one) && Array.isArray(other)) return other.map((item, place) => common(one[place], item))
  if (!isRecord(one) || !isRecord(other)) return other
  const names = Object.keys(one).filter((name) => name in other)
  return Object.fromEntries(names.sort().map((name) => [name, common(one[name], other[name])]))
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
