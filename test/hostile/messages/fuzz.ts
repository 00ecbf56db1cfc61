import { MINUTE_MS } from '../../../src/kernel/time.ts'
import { truth } from '../../support/story.ts'
import { chanceFrom } from '../../torture/chance.ts'
import { openLedger, type Written } from '../ledger.ts'
import { asCurl, openWire, type Sent } from '../request.ts'
import { type Genuine, openBanks } from './genuine.ts'
import { type Mangled, mangled } from './mangle.ts'

export type Judged = {
  readonly sent: number
  readonly tookMs: number
  readonly slowestMs: number
  readonly byStatus: ReadonlyMap<number, number>
  /** Kept raw, as the hub must keep whatever comes to an address of its own. */
  readonly kept: number
  /** Still signed to the byte by the bank: took effect, and the right one. */
  readonly genuine: number
  readonly channels: number
  readonly breaches: readonly string[]
}

const ORDERS_EACH = 12
/** Below what an agreement may have of messages that prove nothing (docs/operating/limits.md). */
const BEFORE_HELD_BACK = 250
const ENOUGH = 20
/** A message that changes nothing leaves itself, and where its place is not found a job to look for it again. */
const KEPT = 'payments.message'
const LEFT_BY_MESSAGE = [KEPT, 'platform.job', 'merchants.api_key']

export const fuzzMessages = async (cases: number, seed: number): Promise<Judged> => {
  const banks = await openBanks(ORDERS_EACH)
  const { hub, genuine } = banks
  const ledger = await openLedger(hub.database.url)
  const wire = openWire(hub.root, 1)
  const byStatus = new Map<number, number>()
  const breaches: string[] = []
  const sinceMinute = new Map<string, number>()
  let [kept, effects, sent] = [0, 0, 0]
  const begun = performance.now()
  try {
    const chance = chanceFrom(seed)
    const any = (): Genuine => genuine[chance.between(0, genuine.length - 1)] ?? fail()
    for (; sent < cases && breaches.length < ENOUGH; sent++) {
      const one = any()
      const message = mangled(one, any(), chance)
      const place = message.sent.target.split('/')[3] ?? ''
      const soFar = (sinceMinute.get(place) ?? 0) + 1
      sinceMinute.set(place, soFar)
      if (soFar >= BEFORE_HELD_BACK) {
        sinceMinute.clear()
        await hub.clock.advance(MINUTE_MS)
        await ledger.written()
      }
      const tell = (breach: string) =>
        breaches.push(`case ${sent} ${one.channel} (${message.done}): ${breach}\n  ${asCurl(hub.root, message.sent)}`)
      const got = await wire.send(message.sent).catch((fault: unknown) => void tell(`no answer: ${fault}`))
      const written = await ledger.written()
      if (!got) continue
      byStatus.set(got.status, (byStatus.get(got.status) ?? 0) + 1)
      if (got.status >= 500) tell(`answered ${got.status}`)
      kept += written.filter(({ table }) => table === KEPT).length
      const effect = effectOf(written, message.sent.target.startsWith('/psp/sandbox/'))
      if (effect.length === 0) continue
      effects++
      const wrong = wrongIn(effect, message, genuine)
      if (wrong !== undefined) tell(wrong)
    }
    if (breaches.length === 0) breaches.push(...(await aftermath()))
    return {
      sent,
      tookMs: performance.now() - begun,
      slowestMs: wire.slowestMs(),
      byStatus,
      kept,
      genuine: effects,
      channels: new Set(genuine.map(({ channel }) => channel)).size,
      breaches,
    }
  } finally {
    await wire.close()
    await ledger.close()
    await banks.stop()
  }

  /** What was really sent is taken afterwards, and every payment ends as its bank says. */
  async function aftermath(): Promise<readonly string[]> {
    await hub.clock.advance(MINUTE_MS)
    const faults: string[] = []
    for (const { sent: real, channel } of genuine) {
      const { status } = await wire.send(real)
      if (status >= 400) faults.push(`${channel}: the real message is answered ${status} after all that`)
    }
    for (const payment of new Set(genuine.map((one) => one.payment))) {
      const { status, paidAmount, amount, attention } = await truth(hub, payment)
      const right = status === 'executed' ? paidAmount === amount : paidAmount === 0
      if (!right || JSON.stringify(attention) !== '[]')
        faults.push(`${payment} is ${status}, ${paidAmount} of ${amount}, ${attention}`)
    }
    return faults
  }
}

const fail = (): never => {
  throw new Error('no bank sent anything')
}

/** Where a bank can be asked, a message that proves nothing makes the hub ask: that is noted, and moves nothing that is told. */
const TOLD = 'notices.event'
const effectOf = (written: readonly Written[], asks: boolean): readonly Written[] => {
  const effect = written.filter(({ table }) => !LEFT_BY_MESSAGE.includes(table))
  return asks && !effect.some(({ table }) => table === TOLD) ? [] : effect
}

/** An effect is right only if the bank signed every byte of what was said, and on the payment that it said it of. */
const wrongIn = (effect: readonly Written[], { sent }: Mangled, genuine: readonly Genuine[]): string | undefined => {
  const source = genuine.find((one) => carries(sent, one.sent))
  const shown = effect.map(({ table, op }) => `${op} ${table}`).join(', ')
  if (!source) return `nobody signed this, and yet: ${shown}`
  const moved = effect.filter(({ table }) => table === 'payments.payment').map(({ row }) => row.id)
  return moved.every((id) => id === source.payment)
    ? undefined
    : `moves ${moved.join()}, though it is about ${source.payment}: ${shown}`
}

/** What no bank of these signs: how to read it, in which language to go on, who carries it. */
const UNSIGNED = /^(VK_ENCODING|VK_CHARSET|VK_LANG|VK_AUTO|IB_LANG|IB_FROM_SERVER)$/

/** Whether every signed field of the real message is there as it was, among whatever else. One that is missing is signed as one that is empty. */
const carries = (sent: Sent, real: Sent): boolean => {
  const signature = real.headers.find(([name]) => name === 'x-sandbox-signature')?.[1]
  if (signature !== undefined) {
    const brought = sent.headers.find(([name]) => name === 'x-sandbox-signature')?.[1]
    return Buffer.from(sent.body ?? []).equals(Buffer.from(real.body ?? [])) && brought?.trim() === signature
  }
  const [brought, wanted] = [valuesIn(sent), valuesIn(real)]
  return [...wanted].every(([name, [value = '']]) => UNSIGNED.test(name) || (brought.get(name) ?? ['']).includes(value))
}

/** Fields as bytes; letters of base64 that mean nothing are no difference. */
const valuesIn = ({ target, body }: Sent): ReadonlyMap<string, readonly string[]> => {
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
