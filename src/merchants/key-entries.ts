import { z } from 'zod'
import type { KeySpec } from '../channels/channel.ts'
import { fail, ok, type Result } from '../kernel/result.ts'
import type { Instant } from '../kernel/time.ts'
import {
  clientMaterial,
  type KeyMaterial,
  privateKeyMaterial,
  publicKeyMaterial,
  secretMaterial,
} from '../platform/crypto/index.ts'
import { moment } from './cma-schema.ts'
import { checked, type LocatedFile, type Place, type Problem } from './located.ts'
import { listed } from './sentences.ts'
import type { Sources } from './sources.ts'
import type { WantedKey } from './wanted.ts'

/** How the keys of an agreement are written: where they are (`cma.yaml`), or as they are (`--settings`). */
export type Writing = { readonly keys: 'named'; readonly sources: Sources } | { readonly keys: 'literal' }

type Read = Result<readonly WantedKey[], readonly Problem[]>

/**
 * The keys under `place`, as the channel's `keys` ask for them: one or a list by each name, with optional `from` and `to`. Reports
 * every missing, unknown, unreadable or wrong key.
 */
export const readKeys = async (
  file: LocatedFile,
  place: Place,
  entries: Readonly<Record<string, unknown>>,
  specs: Readonly<Record<string, KeySpec>>,
  writing: Writing,
): Promise<Read> => {
  const unknown = Object.keys(entries)
    .filter((name) => !Object.hasOwn(specs, name))
    .map((name) => {
      const known = Object.keys(specs)
      const hint = known.length === 0 ? 'this channel has no keys' : `this channel has ${listed(known)}`
      return file.problem([...place, name], `"${name}" is not known here: ${hint}`, 'key')
    })
  const read = await Promise.all(
    Object.entries(specs).map(([name, spec]) => readNamed(file, [...place, name], entries[name], name, spec, writing)),
  )
  return together([fail(unknown), ...read])
}

const readNamed = async (
  file: LocatedFile,
  place: Place,
  value: unknown,
  name: string,
  spec: KeySpec,
  writing: Writing,
): Promise<Read> => {
  if (value === undefined) {
    if (spec.optional === true) return ok([])
    return fail([file.problem(place, `is missing: ${spec.purpose} (${example(name, spec.kind, writing)})`)])
  }
  const list: readonly unknown[] = Array.isArray(value) ? value : [value]
  if (list.length === 0) return fail([file.problem(place, `needs one key at least: ${spec.purpose}`)])
  const at = (index: number): Place => (Array.isArray(value) ? [...place, index] : place)
  return together(await Promise.all(list.map((entry, index) => readEntry(file, at(index), entry, name, spec, writing))))
}

const together = (all: readonly Read[]): Read => {
  const problems = all.flatMap((read) => (read.ok ? [] : read.error))
  return problems.length > 0 ? fail(problems) : ok(all.flatMap((read) => (read.ok ? read.value : [])))
}

const readEntry = async (
  file: LocatedFile,
  place: Place,
  value: unknown,
  name: string,
  { kind, type }: KeySpec,
  writing: Writing,
): Promise<Read> => {
  const entry = isRecord(value) && 'stored' in value && writing.keys === 'named' ? stored : schemaOf(kind, writing)
  const parsed = checked(file, entry, bare(value, kind, writing), place)
  if (!parsed.ok) return parsed
  const { from, to, ...texts } = parsed.value
  if (from !== undefined && to !== undefined && from >= to) {
    return fail([file.problem([...place, 'to'], 'the key ends before it begins')])
  }
  const dates = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) }
  if (typeof texts.stored === 'string')
    return ok([{ place, name, ...dates, key: { kind: 'stored', id: texts.stored } }])
  const read = await readTexts(file, place, texts, writing)
  if (!read.ok) return read
  const material = materialOf(kind, read.value, type)
  if (!material.ok) return fail([file.problem([...place, FIELDS[kind].at(-1) ?? ''], material.error)])
  return ok([{ place, name, ...dates, key: material.value }])
}

/** In a `--settings` file a shared secret may stand alone, without its map. */
const bare = (value: unknown, kind: KeySpec['kind'], writing: Writing): unknown =>
  kind === 'secret' && writing.keys === 'literal' && typeof value === 'string' ? { secret: value } : value

const FIELDS: Readonly<Record<KeySpec['kind'], readonly Field[]>> = {
  private: ['privateKey'],
  public: ['publicKey'],
  secret: ['secret'],
  client: ['certificate', 'privateKey'],
}
type Field = 'privateKey' | 'publicKey' | 'secret' | 'certificate'

const MAX_KEY_BYTES = 32_000

const readTexts = async (
  file: LocatedFile,
  place: Place,
  texts: Entry,
  writing: Writing,
): Promise<Result<Readonly<Record<string, string>>, readonly Problem[]>> => {
  const read: Record<string, string> = {}
  for (const [field, where] of Object.entries(texts)) {
    const text = await readText(where, writing)
    if (!text.ok) return fail([file.problem([...place, field], text.error)])
    read[field] = text.value
  }
  return ok(read)
}

const readText = async (where: Entry[Field] | undefined, writing: Writing): Promise<Result<string, string>> => {
  if (typeof where === 'string') return ok(where)
  if (where === undefined || writing.keys === 'literal') return fail('is missing: add it')
  if (where.env !== undefined) return writing.sources.env(where.env)
  const bytes = await writing.sources.file(where.file ?? '', MAX_KEY_BYTES)
  return bytes.ok ? ok(Buffer.from(bytes.value).toString('utf8')) : bytes
}

const materialOf = (
  kind: KeySpec['kind'],
  texts: Readonly<Record<string, string>>,
  type: KeySpec['type'],
): Result<KeyMaterial, string> => {
  const { privateKey = '', publicKey = '', secret = '', certificate = '' } = texts
  switch (kind) {
    case 'private':
      return privateKeyMaterial(privateKey, type)
    case 'public':
      return publicKeyMaterial(publicKey, type)
    case 'secret':
      return secretMaterial(secret)
    case 'client':
      return clientMaterial(certificate, privateKey)
  }
}

type Where = string | { readonly file?: string | undefined; readonly env?: string | undefined }
type Dates = { readonly from?: Instant | undefined; readonly to?: Instant | undefined }
type Entry = Readonly<Partial<Record<Field | 'stored', Where>>>

const WHERE = 'say where it is: { file: … } or { env: NAME }; keys do not stand in this file'
const named = z
  .strictObject(
    { file: z.string().min(1).optional(), env: z.string().min(1).optional() },
    { error: (issue) => (issue.code === 'invalid_type' ? WHERE : undefined) },
  )
  .refine((where) => (where.file === undefined) !== (where.env === undefined), WHERE)
const dates = { from: moment('first').optional(), to: moment('last').optional() }
const stored: z.ZodType<Entry & Dates> = z.strictObject({ stored: z.string(), ...dates })

const schemaOf = (kind: KeySpec['kind'], writing: Writing): z.ZodType<Entry & Dates> => {
  const text = writing.keys === 'literal' ? z.string() : named
  return z.strictObject({ ...Object.fromEntries(FIELDS[kind].map((field) => [field, text])), ...dates })
}

const example = (name: string, kind: KeySpec['kind'], writing: Writing): string => {
  const [file, literal] = kind === 'secret' ? ['{ env: NAME }', '"…"'] : [`{ file: keys/${name}.pem }`, '"PEM"']
  const fields = FIELDS[kind].map((field) => `${field}: ${writing.keys === 'literal' ? literal : file}`)
  return `${name}: { ${fields.join(', ')} }`
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
