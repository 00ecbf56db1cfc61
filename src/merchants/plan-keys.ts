import { fail, ok, type Result } from '../kernel/result.ts'
import { factsOf, type KeyMaterial, materialToText } from '../platform/crypto/index.ts'
import type { FieldChange } from './describe.ts'
import type { Problem } from './located.ts'
import { showMoment } from './moments.ts'
import type { StoredKey } from './stored.ts'
import type { Wanted, WantedAgreement, WantedKey } from './wanted.ts'

export type KeyWrites = {
  readonly added: readonly (WantedKey & { readonly key: KeyMaterial })[]
  readonly dated: readonly { readonly stored: StoredKey; readonly wanted: WantedKey }[]
  readonly takenOut: readonly StoredKey[]
}

/** The key is opened only to see whether the file's is the same. */
type OpenedKey = StoredKey & { material(): KeyMaterial }

/**
 * Which keys of the file are stored already (by themselves, or by the id that stands for them), which are new, and which are in the
 * database only. Errors: an id that stands for no stored key.
 */
export const planKeys = (
  wanted: WantedAgreement,
  opened: readonly OpenedKey[],
  file: Wanted,
): Result<KeyWrites, readonly Problem[]> => {
  const left = new Map(opened.map((key) => [key.id, key]))
  const added: (WantedKey & { readonly key: KeyMaterial })[] = []
  const dated: { readonly stored: StoredKey; readonly wanted: WantedKey }[] = []
  const problems: Problem[] = []
  for (const each of wanted.keys) {
    const { key } = each
    const same = [...left.values()].find((stored) => isSame(each, stored))
    if (same) {
      left.delete(same.id)
      if (same.from !== each.from || same.to !== each.to) dated.push({ stored: same, wanted: each })
    } else if (key.kind === 'stored') {
      problems.push(file.problem(each.place, `no key "${key.id}" is stored for ${wanted.id}: give the key itself`))
    } else {
      added.push({ ...each, key })
    }
  }
  return problems.length > 0 ? fail(problems) : ok({ added, dated, takenOut: [...left.values()] })
}

const isSame = (wanted: WantedKey, stored: OpenedKey): boolean => {
  if (wanted.name !== stored.name) return false
  if (wanted.key.kind === 'stored') return wanted.key.id === stored.id
  return wanted.key.kind === stored.kind && materialToText(wanted.key) === materialToText(stored.material())
}

/** Keys are told by their fingerprints, never by themselves. */
export const fieldsOfKeys = ({ added, dated, takenOut }: KeyWrites): readonly FieldChange[] => [
  ...takenOut.map((key) => ({ field: `keys.${key.name}`, from: showKey(key.fingerprint, key) })),
  ...dated.map(({ stored, wanted }) => ({
    field: `keys.${stored.name}`,
    from: showKey(stored.fingerprint, stored),
    to: showKey(stored.fingerprint, wanted),
  })),
  ...added.map((key) => ({ field: `keys.${key.name}`, to: showKey(factsOf(key.key).fingerprint, key) })),
]

const showKey = (fingerprint: string | undefined, { from, to }: Pick<StoredKey, 'from' | 'to'>): string => {
  const name = fingerprint === undefined ? 'a secret' : `sha256:${fingerprint.slice(0, 16)}…`
  const start = from === undefined ? '' : ` from ${showMoment(from, 'first')}`
  return `${name}${start}${to === undefined ? '' : ` to ${showMoment(to, 'last')}`}`
}
