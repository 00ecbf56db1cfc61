import { fail, ok, type Result } from '../kernel/result.ts'
import type { KeyMaterial } from '../platform/crypto/index.ts'
import {
  differences,
  type FieldChange,
  type Fields,
  fieldsOfAgreement,
  fieldsOfEService,
  fieldsOfMerchant,
} from './describe.ts'
import type { Merchant } from './directory.ts'
import type { Problem } from './located.ts'
import { fieldsOfKeys, type KeyWrites, planKeys } from './plan-keys.ts'
import type { Stored, StoredAgreement, StoredEService, StoredKey } from './stored.ts'
import type { Wanted, WantedAgreement, WantedEService, WantedMerchant } from './wanted.ts'

/** The difference between a file and the database, and what makes it none. Pure. */
export type Plan = {
  /** Of the database it was made from. */
  readonly revision: number
  readonly changes: readonly Change[]
  readonly writes: Writes
}

export type Change = {
  /** `unnamed`: in the database and not in the file; left alone unless pruned, then `retired` (an account: `removed`). */
  readonly kind: 'added' | 'changed' | 'restored' | 'unnamed' | 'retired' | 'removed'
  readonly what: 'merchant' | 'account' | 'agreement' | 'e-service'
  readonly merchant: string
  readonly id: string
  readonly fields: readonly FieldChange[]
}

export type Writes = {
  readonly merchants: readonly Merchant[]
  readonly agreements: readonly { readonly agreement: WantedAgreement; readonly keys: KeyWrites }[]
  readonly eServices: readonly WantedEService[]
  readonly notices: readonly {
    readonly merchant: string
    readonly eService: string
    readonly urls: readonly string[]
  }[]
  readonly retire: {
    readonly agreements: readonly { readonly merchant: string; readonly id: string }[]
    readonly eServices: readonly { readonly merchant: string; readonly id: string }[]
  }
}

/** What the plan reads of the database. */
export type Known = {
  readonly stored: Stored
  /** The key itself: opened only to see whether the file's is the same. */
  materialOf(agreement: StoredAgreement, key: StoredKey): KeyMaterial
  /** Notice addresses by e-service. */
  readonly notices: ReadonlyMap<string, readonly string[]>
}

type Part = {
  readonly changes: readonly Change[]
  readonly problems: readonly Problem[]
  readonly writes: Partial<Writes>
}

/** Errors: what the file asks and the database forbids, each with its line. */
export const planOf = (wanted: Wanted, known: Known, prune: boolean): Result<Plan, readonly Problem[]> => {
  const parts: readonly Part[] = [
    ...wanted.merchants.flatMap((merchant) => [
      planMerchant(merchant, known, prune),
      ...merchant.agreements.map((agreement) => planAgreement(agreement, wanted, known)),
      ...merchant.eServices.map((eService) => planEService(eService, wanted, known)),
    ]),
    planUnnamed(wanted, known, prune),
  ]
  const problems = parts.flatMap((part) => part.problems)
  if (problems.length > 0) return fail(problems)
  return ok({
    revision: known.stored.revision,
    changes: parts.flatMap((part) => part.changes),
    writes: {
      merchants: parts.flatMap(({ writes }) => writes.merchants ?? []),
      agreements: parts.flatMap(({ writes }) => writes.agreements ?? []),
      eServices: parts.flatMap(({ writes }) => writes.eServices ?? []),
      notices: parts.flatMap(({ writes }) => writes.notices ?? []),
      retire: {
        agreements: parts.flatMap(({ writes }) => writes.retire?.agreements ?? []),
        eServices: parts.flatMap(({ writes }) => writes.retire?.eServices ?? []),
      },
    },
  })
}

/** Whether making it true would change nothing. */
export const isDone = (plan: Plan): boolean => plan.changes.every(({ kind }) => kind === 'unnamed')

const planMerchant = (wanted: WantedMerchant, { stored }: Known, prune: boolean): Part => {
  const before = stored.merchants.find(({ id }) => id === wanted.id)
  const named = new Set(wanted.accounts.map(({ id }) => id))
  const unnamed = before?.accounts.filter(({ id }) => !named.has(id)) ?? []
  // An account that any agreement ever used stays: late messages of its attempts still name it.
  const used = new Set(stored.agreements.filter(({ merchant }) => merchant === wanted.id).map(({ account }) => account))
  const kept = unnamed.filter(({ id }) => !prune || used.has(id))
  const loose = unnamed.filter(({ id }) => !used.has(id))
  const { id, name, registrationNumber, support } = wanted
  const after = { id, name, registrationNumber, support, accounts: [...wanted.accounts, ...kept] }
  const fields = differences(before ? merchantFields(before, named) : {}, merchantFields(after, named))
  const about = { merchant: id, id }
  const change: readonly Change[] =
    fields.length === 0 ? [] : [{ kind: before ? 'changed' : 'added', what: 'merchant', ...about, fields }]
  const accounts = loose.map(
    (account): Change => ({
      kind: prune ? 'removed' : 'unnamed',
      what: 'account',
      merchant: id,
      id: account.id,
      fields: [],
    }),
  )
  const writes = change.length > 0 || (prune && loose.length > 0) ? { merchants: [after] } : {}
  return { changes: [...change, ...accounts], problems: [], writes }
}

const merchantFields = (merchant: Merchant, accounts: ReadonlySet<string>): Fields => ({
  ...fieldsOfMerchant(merchant),
  ...Object.fromEntries(
    merchant.accounts.filter(({ id }) => accounts.has(id)).map(({ id, iban }) => [`accounts.${id}`, iban]),
  ),
})

const planAgreement = (wanted: WantedAgreement, file: Wanted, known: Known): Part => {
  const before = known.stored.agreements.find(({ id }) => id === wanted.id)
  const refuse = (field: string, message: string): Part => ({
    changes: [],
    problems: [file.problem([...wanted.place, field], message)],
    writes: {},
  })
  if (before && before.merchant !== wanted.merchant) {
    return refuse('id', `agreement "${wanted.id}" is ${before.merchant}'s: choose another id`)
  }
  if (before && before.channel !== wanted.channel) {
    const message = `agreement "${wanted.id}" has attempts by ${before.channel}: a new channel is a new agreement with another id`
    return refuse('channel', message)
  }
  const openedKeys = before?.keys.map((key) => ({ ...key, material: () => known.materialOf(before, key) })) ?? []
  const keys = planKeys(wanted, openedKeys, file)
  if (!keys.ok) return { changes: [], problems: keys.error, writes: {} }
  const fields = [
    ...differences(before ? fieldsOfAgreement(before) : {}, fieldsOfAgreement(wanted)),
    ...fieldsOfKeys(keys.value),
  ]
  if (before && !before.retired && fields.length === 0) return NOTHING
  const about = { what: 'agreement', merchant: wanted.merchant, id: wanted.id } as const
  return {
    changes: [{ kind: kindOf(before), ...about, fields }],
    problems: [],
    writes: { agreements: [{ agreement: wanted, keys: keys.value }] },
  }
}

const NOTHING: Part = { changes: [], problems: [], writes: {} }

const kindOf = (before: { readonly retired: boolean } | undefined): 'added' | 'restored' | 'changed' =>
  before === undefined ? 'added' : before.retired ? 'restored' : 'changed'

const planEService = (wanted: WantedEService, file: Wanted, known: Known): Part => {
  const before = known.stored.eServices.find(({ id }) => id === wanted.id)
  const refuse = (field: string, message: string): Part => ({
    changes: [],
    problems: [file.problem([...wanted.place, field], message)],
    writes: {},
  })
  if (before && before.merchant !== wanted.merchant) {
    return refuse('id', `e-service "${wanted.id}" is ${before.merchant}'s: choose another id`)
  }
  if (before && before.mode !== wanted.mode) {
    return refuse('mode', `e-service "${wanted.id}" was made in ${before.mode} mode: make another for ${wanted.mode}`)
  }
  const { place: _place, notices, ...own } = wanted
  const [urlsBefore, urls] = [sorted(known.notices.get(wanted.id) ?? []), sorted(notices)]
  const fields = [
    ...differences(before ? eServiceFields(before) : {}, eServiceFields(own)),
    ...differences(before ? { notices: urlsBefore } : {}, { notices: urls }),
  ]
  if (before && !before.retired && fields.length === 0) return NOTHING
  const about = { what: 'e-service', merchant: wanted.merchant, id: wanted.id } as const
  return {
    changes: [{ kind: kindOf(before), ...about, fields }],
    problems: [],
    writes: {
      eServices: [wanted],
      notices: urls === urlsBefore ? [] : [{ merchant: wanted.merchant, eService: wanted.id, urls: notices }],
    },
  }
}

/** In no order: every address hears the same. */
const sorted = (urls: readonly string[]): string => JSON.stringify([...urls].sort())

const eServiceFields = (eService: Omit<StoredEService, 'retired'> & { readonly retired?: boolean }): Fields => {
  const { retired: _retired, ...own } = eService
  return fieldsOfEService(own)
}

const planUnnamed = (wanted: Wanted, { stored }: Known, prune: boolean): Part => {
  const agreements = new Set(wanted.merchants.flatMap((merchant) => merchant.agreements.map(({ id }) => id)))
  const eServices = new Set(wanted.merchants.flatMap((merchant) => merchant.eServices.map(({ id }) => id)))
  const gone = {
    agreements: stored.agreements.filter(({ id, retired }) => !retired && !agreements.has(id)).map(whose),
    eServices: stored.eServices.filter(({ id, retired }) => !retired && !eServices.has(id)).map(whose),
  }
  const kind = prune ? 'retired' : 'unnamed'
  return {
    changes: [
      ...gone.eServices.map((each): Change => ({ kind, what: 'e-service', ...each, fields: [] })),
      ...gone.agreements.map((each): Change => ({ kind, what: 'agreement', ...each, fields: [] })),
    ],
    problems: [],
    writes: prune ? { retire: gone } : {},
  }
}

const whose = ({ merchant, id }: { readonly merchant: string; readonly id: string }) => ({ merchant, id })
