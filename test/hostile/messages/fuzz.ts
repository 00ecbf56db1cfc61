import { MINUTE_MS } from '../../../src/kernel/time.ts'
import { truth } from '../../support/story.ts'
import { type Chance, chanceFrom } from '../../torture/chance.ts'
import { type Ledger, openLedger } from '../ledger.ts'
import { asCurl, openWire, type Sent, type Wire } from '../request.ts'
import { endOf } from './ends.ts'
import { type Banks, type Genuine, openBanks } from './genuine.ts'
import { keptIn, movedBy, notKept, sourceOf, wrongIn } from './judge.ts'
import { mangled } from './mangle.ts'

export type Judged = {
  readonly sent: number
  readonly tookMs: number
  readonly slowestMs: number
  readonly byStatus: ReadonlyMap<number, number>
  /** Kept raw, as the hub must keep whatever comes to an address of its own. */
  readonly kept: number
  /** Still signed to the byte by the bank: took effect, and the right one. */
  readonly effects: number
  /** Whose words took effect, mangled. */
  readonly heardOf: readonly string[]
  /** How many real messages there were to mangle, of how many orders at how many banks. */
  readonly genuine: number
  readonly orders: number
  readonly channels: readonly string[]
  readonly breaches: readonly string[]
}

/** Below what an agreement may have of messages that prove nothing (docs/operating/limits.md). */
const BEFORE_HELD_BACK = 250
const ENOUGH = 20

/** All that one run goes by. */
type Trial = {
  readonly banks: Banks
  readonly ledger: Ledger
  readonly wire: Wire
  readonly chance: Chance
  /** By agreement, in this minute. */
  readonly inMinute: Map<string, number>
  /** Whose bank's own words have come. */
  readonly heard: Set<Genuine>
  readonly byStatus: Map<number, number>
  readonly breaches: string[]
  readonly counted: { sent: number; kept: number; effects: number }
}

export const fuzzMessages = async (cases: number, seed: number): Promise<Judged> => {
  const banks = await openBanks()
  const { genuine, begun, hub } = banks
  const trial: Trial = {
    banks,
    ledger: await openLedger(hub.database.url),
    wire: openWire(hub.root, 1),
    chance: chanceFrom(seed),
    inMinute: new Map(),
    heard: new Set(),
    byStatus: new Map(),
    breaches: [],
    counted: { sent: 0, kept: 0, effects: 0 },
  }
  const { breaches, counted } = trial
  const beganAt = performance.now()
  try {
    for (; counted.sent < cases && breaches.length < ENOUGH; counted.sent++) await sendMangled(trial)
    const byMangled = { ...counted, heardOf: [...new Set([...trial.heard].map(({ channel }) => channel))] }
    if (breaches.length === 0) await aftermath(trial)
    return {
      ...byMangled,
      tookMs: performance.now() - beganAt,
      slowestMs: trial.wire.slowestMs(),
      byStatus: trial.byStatus,
      genuine: genuine.length,
      orders: begun.length,
      channels: [...new Set(genuine.map(({ channel }) => channel))],
      breaches,
    }
  } finally {
    await trial.wire.close()
    await trial.ledger.close()
    await banks.stop()
  }
}

/** Of each bank as often, however much it has to tell. */
const anyOf = ({ banks: { genuine }, chance }: Trial): Genuine => {
  const [first = '', ...others] = new Set(genuine.map(({ channel }) => channel))
  const channel = chance.pick(first, ...others)
  const [one, ...more] = genuine.filter((message) => message.channel === channel)
  if (!one) throw new Error('no bank sent anything')
  return chance.pick(one, ...more)
}

const sendMangled = async (trial: Trial): Promise<void> => {
  const { banks, chance, byStatus, counted, breaches } = trial
  const one = anyOf(trial)
  const { done, sent } = mangled(one, anyOf(trial), chance)
  await heedLimit(trial, sent.target)
  const tell = (breach: string) =>
    breaches.push(`case ${counted.sent} ${one.channel} (${done}): ${breach}\n  ${asCurl(banks.hub.root, sent)}`)
  const status = await sendAndJudge(trial, sent, tell)
  if (status !== undefined) byStatus.set(status, (byStatus.get(status) ?? 0) + 1)
}

const sendAndJudge = async (
  { banks, ledger, wire, heard, counted }: Trial,
  sent: Sent,
  tell: (breach: string) => void,
): Promise<number | undefined> => {
  const got = await wire.send(sent).catch((fault: unknown) => tell(`no answer: ${fault}`))
  const written = await ledger.written()
  if (!got) return undefined
  if (got.status >= 500) tell(`answered ${got.status}`)
  counted.kept += keptIn(written).length
  const unkept = notKept(sent, got.status, written)
  if (unkept !== undefined) tell(unkept)
  const source = sourceOf(sent, banks.genuine)
  if (source) heard.add(source)
  if (written.some(({ table }) => table === 'notices.event')) counted.effects++
  for (const wrong of wrongIn(written, movedBy(source ? [source] : [])))
    tell(`${source ? `only ${source.payment} is told of` : 'nobody signed this'}, and yet: ${wrong}`)
  return got.status
}

/** So that nothing is held back, a minute passes in time; what the hub then does by itself is judged too. */
const heedLimit = async (trial: Trial, target: string): Promise<void> => {
  const { inMinute } = trial
  const place = target.split('/')[3] ?? ''
  const soFar = (inMinute.get(place) ?? 0) + 1
  inMinute.set(place, soFar)
  if (soFar >= BEFORE_HELD_BACK) await aMinute(trial)
}

const aMinute = async ({ banks, ledger, inMinute, heard, counted, breaches }: Trial): Promise<void> => {
  inMinute.clear()
  await banks.hub.clock.advance(MINUTE_MS)
  for (const wrong of wrongIn(await ledger.written(), movedBy([...heard])))
    breaches.push(`after case ${counted.sent} the hub does by itself: ${wrong}`)
}

/** What was really sent is taken afterwards, in any order, and every payment ends as its bank says. */
const aftermath = async (trial: Trial): Promise<void> => {
  const { banks, chance, breaches } = trial
  const { hub, begun, genuine } = banks
  await aMinute(trial)
  const real = genuine.map((message) => ({ message, at: chance.next() })).sort((a, b) => a.at - b.at)
  for (const { message } of real) {
    const { sent, channel, choice, believed } = message
    const tell = (breach: string) => breaches.push(`${channel} ${choice}, the real message: ${breach}`)
    const status = await sendAndJudge(trial, sent, tell)
    if (believed && (status ?? 0) >= 400) tell(`is answered ${status}`)
  }
  await aMinute(trial)
  for (const { channel, choice, payment } of begun) {
    const is = await truth(hub, payment)
    const { status, attention, refunded, reversed } = endOf(channel, choice)
    const paidAmount = status === 'executed' ? is.amount : 0
    const wanted = { status, paidAmount, refundedAmount: refunded, reversedAmount: reversed, attention }
    const shown = Object.fromEntries(Object.keys(wanted).map((name) => [name, is[name]]))
    if (JSON.stringify(shown) !== JSON.stringify(wanted))
      breaches.push(`${channel} ${choice}: ${payment} is ${JSON.stringify(shown)}, not ${JSON.stringify(wanted)}`)
  }
}
