import { fieldOf, type Written } from '../ledger.ts'
import type { Sent } from '../request.ts'
import { type End, endOf } from './ends.ts'
import type { About, Genuine } from './genuine.ts'

/** Payments that may be moved, since their bank's own words came, and what may be told of them. */
export type Moved = ReadonlyMap<string, End>

export const movedBy = (abouts: readonly About[]): Moved =>
  new Map(abouts.map(({ payment, channel, choice }) => [payment, endOf(channel, choice)]))

/** What is written that nobody who may has said. */
export const wrongIn = (written: readonly Written[], moved: Moved): readonly string[] =>
  written
    .filter((one) => !isExplained(one, moved))
    .map(({ table, op, row }) => `${op} ${table} ${JSON.stringify(row).slice(0, 300)}`)

/** Work for later, and when a key was used. */
const ALWAYS = ['platform.job', 'merchants.api_key']
/** How an event gets to its e-service. */
const CARRYING = /^notices\.(unplaced|frontier|feed|dispatch|delivery)$/

const isExplained = ({ table, op, row, was }: Written, moved: Moved): boolean => {
  const about = moved.get(String(row.payment ?? row.subject ?? row.id))
  if (ALWAYS.includes(table)) return true
  if (CARRYING.test(table)) return row.subject === undefined ? moved.size > 0 : about !== undefined
  switch (table) {
    case 'payments.message':
      return op === 'INSERT' ? isBrought(row) || row.purpose === 'enquire' : about !== undefined
    case 'payments.payment':
      return about !== undefined || (op === 'UPDATE' && TOLD.every((name) => sameIn(row, was, name)))
    case 'payments.fact':
      return about !== undefined || isOfAsking(row.body)
    case 'notices.event':
      return about?.tells.includes(String(row.type)) ?? false
    case 'tasks.task':
      return about !== undefined && about.attention.length > 0
    default:
      return false
  }
}

/** Whatever an e-service is told follows these. */
const TOLD = ['status', 'attention', 'sequence', 'holds_reference']
const sameIn = (one: unknown, other: unknown, name: string): boolean =>
  JSON.stringify(fieldOf(one, name)) === JSON.stringify(fieldOf(other, name))

/** Where a bank can be asked, a message that proves nothing makes the hub ask: that is noted, with what the bank said, which is that it waits. */
const isOfAsking = (fact: unknown): boolean => {
  if (fieldOf(fact, 'fact') === 'outcome') return fieldOf(fact, 'of') === 'enquire'
  const said = fieldOf(fieldOf(fact, 'reading'), 'says')
  return said === 'ask' || (fieldOf(fact, 'source') === 'enquiry' && said === 'waiting')
}

// ---------------------------------------------------------------------------------------------------------------------- kept raw

/** To one of the addresses that the banks were given, whoever's attempt it names. */
const PLACE = /^\/psp\/([\w-]+)\/([\w-]+)(\/att_[0-9a-z]{26})?\/(back|notice)$/
/** No such address; more than is read. */
const NOT_TAKEN = [404, 413]

export const keptIn = (written: readonly Written[]): readonly Written[] =>
  written.filter(({ table, op, row }) => table === 'payments.message' && op === 'INSERT' && isBrought(row))

/** Answers to our own questions are kept too. */
const isBrought = ({ purpose }: Written['row']): boolean => purpose === 'back' || purpose === 'notice'

/** A message that reaches an address of ours is kept once, to the byte; one that does not is not. Undefined: so it was. */
export const notKept = (
  { method, target, body }: Sent,
  status: number,
  written: readonly Written[],
): string | undefined => {
  const kept = keptIn(written)
  const [path = '', query = ''] = target.split('?')
  if (NOT_TAKEN.includes(status)) return kept.length === 0 ? undefined : `answered ${status} and kept`
  const wanted = PLACE.test(path) ? 1 : 0
  if (kept.length !== wanted) return `answered ${status} and kept ${kept.length} times`
  const [row] = kept.map((one) => one.row)
  if (!row) return undefined
  const bytes = method === 'GET' || method === 'HEAD' ? '' : Buffer.from(body ?? []).toString('hex')
  const [, asked = ''] = String(row.url).split('?')
  const same = row.body === `\\x${bytes}` && plain(asked) === plain(query)
  return same ? undefined : `kept as other bytes: ${JSON.stringify(row).slice(0, 500)}`
}

// -------------------------------------------------------------------------------------------------------------- whose words they are

/** The real message that this one still is in all that is signed, whatever else was done to it. */
export const sourceOf = (sent: Sent, genuine: readonly Genuine[]): Genuine | undefined => {
  const brought = valuesIn(sent)
  return genuine.find((one) => one.believed && carries(sent, brought, one.sent))
}

/** What no bank of these signs: how to read it, in which language to go on, who carries it. */
const UNSIGNED = /^(VK_ENCODING|VK_CHARSET|VK_LANG|VK_AUTO|IB_LANG|IB_FROM_SERVER)$/

/** Whether every signed field of the real message is there as it was, among whatever else. One that is missing is signed as one that is empty. */
const carries = (sent: Sent, brought: Values, real: Sent): boolean => {
  const signature = real.headers.find(([name]) => name === 'x-sandbox-signature')?.[1]
  if (signature !== undefined) {
    const given = sent.headers.find(([name]) => name === 'x-sandbox-signature')?.[1]
    return Buffer.from(sent.body ?? []).equals(Buffer.from(real.body ?? [])) && given?.trim() === signature
  }
  const wanted = READ.get(real) ?? valuesIn(real)
  READ.set(real, wanted)
  return [...wanted].every(([name, [value = '']]) => UNSIGNED.test(name) || (brought.get(name) ?? ['']).includes(value))
}

type Values = ReadonlyMap<string, readonly string[]>
/** Real messages are compared with each one that is sent. */
const READ = new WeakMap<Sent, Values>()

/** Fields as bytes; letters of base64 that mean nothing are no difference. */
const valuesIn = ({ target, body }: Sent): Values => {
  const text = body && body.length > 0 ? Buffer.from(body).toString('latin1') : (target.split('?')[1] ?? '')
  const all = new Map<string, string[]>()
  for (const part of text.split('&').filter((one) => one !== '')) {
    const at = part.indexOf('=')
    const [name, raw] = [plain(part.slice(0, at)), plain(part.slice(at + 1))]
    const value = /^(VK_MAC|IB_CRC)$/.test(name) ? Buffer.from(raw, 'base64').toString('hex') : raw
    const known = all.get(name)
    if (known) known.push(value)
    else all.set(name, [value])
  }
  return all
}

const plain = (text: string): string =>
  text
    .replaceAll('+', ' ')
    .replaceAll(/%([0-9a-f]{2})/gi, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)))
