import { DAY_MS, MINUTE_MS } from '../../../src/kernel/time.ts'
import { attemptById } from '../../../src/payments/store/index.ts'
import type { Log } from '../../../src/platform/log.ts'
import { startTestHub, type TestHub } from '../../support/hub.ts'
import { formsOf, visit } from '../../support/payer.ts'
import { ordered } from '../../support/story.ts'
import { type Chance, chanceFrom } from '../../torture/chance.ts'
import { bentByChance } from './bend.ts'
import { type Bill, bookOf, heartOf, wrongInTheEnd, wrongNow } from './judge.ts'
import { type Answer, type Asked, type Bending, type CrookedLine, startCrookedLine } from './line.ts'
import { orderOf, wordOf } from './word.ts'

export type Answered = {
  /** Calls of the hub, and how many answers were bent, by what was done to them. */
  readonly calls: number
  readonly bent: number
  readonly byKind: ReadonlyMap<string, number>
  readonly byCall: ReadonlyMap<string, number>
  /** Bent, and the bank's own word still. */
  readonly own: number
  /** Calls that never reached the bank. */
  readonly unheard: number
  readonly bills: number
  readonly byEnd: ReadonlyMap<string, number>
  /** Did not end by themselves, by what was decided at the bank: each has a task. */
  readonly handed: ReadonlyMap<string, number>
  readonly tookMs: number
  readonly breaches: readonly string[]
}

const BILLS_AT_ONCE = 20
const ENOUGH = 20

type Trial = {
  readonly hub: TestHub
  readonly line: CrookedLine
  readonly chance: Chance
  readonly bills: Bill[]
  readonly breaches: string[]
  readonly counted: { calls: number; bent: number; own: number; unheard: number }
  readonly byKind: Map<string, number>
  readonly byCall: Map<string, number>
  /** Whether an answer may be repeated later: past the last moment at which the bank takes money it would be its last word. */
  old: boolean
}

/** At least so many answers of a bank to the hub's own calls are bent; then the line is well, and each payment must end as the bank has it. */
export const fuzzAnswers = async (cases: number, seed: number): Promise<Answered> => {
  const breaches: string[] = []
  const line = await startCrookedLine()
  const hub = await startTestHub({
    log: hearingFaults(breaches),
    file: (text) => text.replace(/"\S+\/sandbox", payableForMinutes: 15/, `"${line.root}", payableForMinutes: 15`),
  })
  line.leadTo(`${hub.world.root}/sandbox`)
  const counted = { calls: 0, bent: 0, own: 0, unheard: 0 }
  const trial: Trial = {
    hub,
    line,
    chance: chanceFrom(seed),
    bills: [],
    breaches,
    counted,
    byKind: new Map(),
    byCall: new Map(),
    old: true,
  }
  const beganAt = performance.now()
  try {
    while (counted.bent < cases && breaches.length < ENOUGH) await round(trial)
    const { byEnd, handed } = await endOf(trial)
    const tookMs = performance.now() - beganAt
    const { byKind, byCall, bills } = trial
    return { ...counted, byKind, byCall, bills: bills.length, byEnd, handed, tookMs, breaches }
  } finally {
    await hub.stop()
    await line.stop()
  }
}

/** What was thrown and not meant to be. */
const hearingFaults = (breaches: string[]): Log => ({
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: ({ fault, error }, sentence) => breaches.push(`the hub's log: ${sentence}: ${fault ?? error}`),
})

const count = (counts: Map<string, number>, name: string): void => {
  counts.set(name, (counts.get(name) ?? 0) + 1)
}

// ------------------------------------------------------------------------------------------------------------------- the crooked line

/** Of all calls; fewer of the first, since a payer who is not led to the bank makes no others. */
const BENT_SHARE = 0.7
const BEGIN_BENT_SHARE = 0.3
const UNHEARD_SHARE = 0.05
/** Where a bent answer would be a word that only the bank may say, it is bent otherwise; so often. */
const TRIES = 20

const crooked = (trial: Trial): Bending => {
  const { chance, counted, byKind, byCall } = trial
  const real: { readonly kind: string; readonly path: string; readonly answer: Answer }[] = []
  const firsts = new Map<unknown, Answer>()
  return {
    heard: () => {
      counted.calls++
      if (!chance.happens(UNHEARD_SHARE)) return true
      counted.unheard++
      return false
    },
    bend: (asked, answer) => {
      const kind = callOf(asked)
      count(byCall, kind)
      const same = real.filter((one) => one.kind === kind)
      const older = same.find(({ path }) => path === asked.path)?.answer ?? answer
      const others = same.filter(({ path }) => path !== asked.path || kind === 'refund')
      const other = others[chance.between(0, Math.max(0, others.length - 1))]?.answer ?? answer
      real.push({ kind, path: asked.path, answer })
      const first = firsts.get(orderOf(answer)) ?? answer
      firsts.set(orderOf(answer), first)
      if (!chance.happens(kind === 'begin' ? BEGIN_BENT_SHARE : BENT_SHARE)) return { kind: 'answer', ...answer }
      for (let turn = 0; turn < TRIES; turn++) {
        const { done, bent } = bentByChance({ asked, answer, other, older, chance })
        const isOld = done === 'an older answer' && trial.old
        const word = wordOf(asked, answer, bent, first)
        if (word === 'plausible' && !isOld) continue
        counted.bent++
        count(byKind, done)
        if (word === 'own') counted.own++
        return bent
      }
      return { kind: 'answer', ...answer }
    },
  }
}

const callOf = ({ method, path }: Asked): string => {
  if (method === 'POST') return path.endsWith('/refunds') ? 'refund' : 'begin'
  return path.includes('number=') ? 'enquiry by number' : 'enquiry'
}

// --------------------------------------------------------------------------------------------------------------------------- a round

/** What is decided at the bank: mostly so that only asking tells. */
const CHOICES = [
  'both_lost',
  'both_lost',
  'both_lost',
  'notice_lost',
  'pay',
  'processing',
  'decline',
  'cancel',
  'close_window',
  'declined_then_paid',
  'refunded',
  'reversed',
  'wrong_amount',
  'wrong_currency',
  'wrong_account',
] as const

const round = async (trial: Trial): Promise<void> => {
  const { hub, line, chance } = trial
  const bending = crooked(trial)
  trial.old = true
  line.bendBy(bending)
  const bills: Bill[] = []
  for (let made = 0; made < BILLS_AT_ONCE; made++) bills.push(await begun(trial, trial.bills.length + made))
  const decided: Bill[] = []
  for (const bill of bills) {
    const [choice, ...others] = CHOICES
    decided.push(await decide(trial, bill, chance.pick(choice, ...others)))
  }
  trial.bills.push(...decided)
  for (const ms of [0, MINUTE_MS, 5 * MINUTE_MS]) await passing(trial, decided, ms)
  for (const ms of [0, 5 * MINUTE_MS]) {
    for (const bill of decided) await askRefund(trial, bill)
    await passing(trial, decided, ms)
  }
  trial.old = false
  await passing(trial, decided, 10 * MINUTE_MS)
  for (const bill of decided) await visited(trial, bill.payUrl)
  line.bendBy(undefined)
  await passing(trial, decided, MINUTE_MS)
  for (const bill of decided) if (chance.happens(0.3)) await askRefund(trial, bill)
  await hub.settle()
}

const passing = async (trial: Trial, bills: readonly Bill[], ms: number): Promise<void> => {
  const { hub, breaches } = trial
  if (ms > 0) await hub.clock.advance(ms)
  else await hub.settle()
  const book = bookOf(hub)
  for (const bill of bills) {
    const state = await heartOf(hub, bill.id)
    for (const wrong of wrongNow(state, bill, book, hub.clock.now()))
      breaches.push(`${bill.id} (${bill.choice ?? 'not led to the bank'}): ${wrong}`)
  }
}

/** The payer chooses this bank; where the hub leads is the bank's word, and nobody follows it here. */
const begun = async (trial: Trial, number: number): Promise<Bill> => {
  const { hub } = trial
  // This bank decides by the last two digits from 80 on.
  const amount = 10_000 + 100 * number + (number % 80)
  const { id, payUrl } = await ordered(hub, { amount })
  const page = await visit(`${payUrl}?choose=yes`)
  const form = formsOf(page).find(({ action }) => action.includes('/choose'))
  if (!form) throw new Error(`nothing can be chosen: ${page.page}`)
  const body = new URLSearchParams({ ...form.fields, offer: 'sandbox' })
  await answered(trial, form.action, { method: 'POST', body })
  return { id, payUrl, amount }
}

const visited = (trial: Trial, url: string): Promise<string | undefined> => answered(trial, url, {})

/** Where it leads. No page of the hub may be one of its own faults. */
const answered = async ({ breaches }: Trial, url: string, init: RequestInit): Promise<string | undefined> => {
  const response = await fetch(url, { ...init, redirect: 'manual' })
  const text = await response.text()
  if (response.status >= 500)
    breaches.push(`${init.method ?? 'GET'} ${url} is answered ${response.status}: ${text.slice(0, 300)}`)
  return response.headers.get('location') ?? undefined
}

/** Of the demo, whose e-service orders. */
const MERCHANT = 'liepkalni'

/** A payer whom the hub does not lead there cannot pay. */
const decide = async ({ hub }: Trial, bill: Bill, choice: string): Promise<Bill> => {
  const [attempt] = (await heartOf(hub, bill.id)).attempts
  const order = hub.world.orders().find(({ number, channel }) => channel === 'sandbox' && number === attempt?.number)
  const led = attempt && (await attemptById(hub.database.db, MERCHANT, attempt.id))?.step
  if (!order || !led) return bill
  const answer = await hub.world.choose('sandbox', order.id, choice)
  if (answer.kind === 'carry') await fetch(answer.url, { redirect: 'manual' })
  return { ...bill, choice }
}

/** A part of it, which the bank does at once, after a minute, or not at all. */
const askRefund = async ({ hub, chance, breaches }: Trial, { id, amount }: Bill): Promise<void> => {
  const { status } = await heartOf(hub, id)
  if (status !== 'executed') return
  const part = chance.pick(1_000, 1_000, 1_097, 1_098, amount)
  const { status: said, body } = await hub.api('POST', `/v1/payments/${id}/refunds`, { amount: part })
  if (said >= 500) breaches.push(`a refund is answered ${said}: ${JSON.stringify(body)}`)
}

// ----------------------------------------------------------------------------------------------------------------------------- the end

/** Longer than the hub waits for any word by itself. */
const WELL_AGAIN_MS = 9 * DAY_MS
const TASKS_AT_MOST = 10_000

const endOf = async ({ hub, line, bills, breaches }: Trial): Promise<Pick<Answered, 'byEnd' | 'handed'>> => {
  line.bendBy(undefined)
  await hub.clock.advance(WELL_AGAIN_MS)
  const book = bookOf(hub)
  const tasks = await hub.composed.desk.list({ all: false, limit: TASKS_AT_MOST })
  const byEnd = new Map<string, number>()
  const handed = new Map<string, number>()
  for (const bill of bills) {
    const state = await heartOf(hub, bill.id)
    count(byEnd, state.status)
    for (const wrong of wrongNow(state, bill, book, hub.clock.now())) breaches.push(`in the end, ${bill.id}: ${wrong}`)
    const wrong = wrongInTheEnd(state, bill, book)
    if (wrong === undefined) continue
    if (tasks.some(({ subject }) => subject === bill.id)) count(handed, bill.choice ?? 'not led to the bank')
    else breaches.push(`${bill.id} (${bill.choice ?? 'not led to the bank'}) ${wrong}, and nobody was given a task`)
  }
  return { byEnd, handed }
}
