import { listen } from '../../src/app/serve.ts'
import { HOUR_MS, MINUTE_MS } from '../../src/kernel/time.ts'
import type { ApiBody } from '../support/hub.ts'
import type { Stage } from '../support/story.ts'

/**
 * The hub that one writes in an afternoon: orders in memory, one bank, a status that is set as words come. Without a habit it plays the
 * rigs rightly; each habit is one that was found in a public failure, and nothing else is changed by it.
 */
export const HABITS = [
  'final_is_final',
  'last_word_wins',
  'waits_for_the_callback',
  'asks_once_on_return',
  'gives_up_as_failed',
  'takes_the_unknown_for_no',
  'looks_then_acts',
  'clash_is_logged',
  'stores_after_the_call',
  'marks_seen_first',
  'adds_every_try',
] as const
export type Habit = (typeof HABITS)[number]

export type NaiveHub = {
  readonly root: string
  readonly api: Stage['api']
  /** While it is set, nothing can be written. */
  setOutage(away: boolean): void
  stop(): Promise<void>
}

type Bill = {
  readonly id: string
  readonly reference: string
  readonly amountMinor: number
  readonly status: string
  readonly tries: number
  readonly told: number
  /** Counts up with each write. */
  readonly version: number
}

const OF_WORD: Readonly<Record<string, string>> = {
  created: 'started',
  processing: 'accepted',
  paid: 'executed',
  declined: 'refused',
  cancelled: 'refused',
  expired: 'refused',
}
type Refund = { readonly id: string; readonly bill: string; readonly number: string; readonly amountMinor: number }

/** A later status never gives way to an earlier one. */
const RANK = ['open', 'started', 'accepted', 'refused', 'cancelled', 'executed']
const FINAL = ['refused', 'cancelled', 'executed']
const ASK_FIRST_MS = MINUTE_MS
const ASK_AT_MOST_MS = 6 * HOUR_MS
const TRIES_BEFORE_GIVING_UP = 5

export type NaiveMeans = {
  readonly stage: Pick<Stage, 'clock' | 'shopRoot'>
  readonly bankRoot: string
  readonly habits: readonly Habit[]
  /** Attempts are numbered from here, so that two hubs can share a bank. */
  readonly firstNumber: number
}

export const startNaiveHub = async (means: NaiveMeans): Promise<NaiveHub> => {
  const books = openBooks(means)
  const hears = openHearing(means, books)
  const bank = openBank(means, books, hears)
  const routes = routesOf(means, books, hears, bank)
  const listening = await listen((request) => routes(request), 0, '127.0.0.1')
  const root = `http://localhost:${listening.port}`
  books.root = root
  return {
    root,
    api: async (method, path, body) => {
      const answer = await fetch(root + path, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })
      const parsed: ApiBody = JSON.parse(await answer.text())
      return { status: answer.status, headers: answer.headers, body: parsed }
    },
    setOutage: (away) => {
      books.away = away
    },
    stop: () => listening.close(0),
  }
}

// -------------------------------------------------------------------------------------------------------------------------- the store

type Books = ReturnType<typeof openBooks>

const openBooks = ({ stage, habits }: NaiveMeans) => {
  const bills = new Map<string, Bill>()
  const numbers = new Map<string, string>()
  /** How each refund stands, and where the bank keeps each payment. */
  const refunds = new Map<string, string>()
  const atBank = new Map<string, string>()
  const books = {
    root: '',
    away: false,
    numbers,
    refunds,
    atBank,
    all: () => bills.size,
    load: (id: string): Bill => {
      const bill = bills.get(id)
      if (!bill) throw new Error(`no bill ${id}`)
      return bill
    },
    save: (bill: Bill) => {
      if (books.away) throw new Error('the store is away')
      bills.set(bill.id, { ...bill, version: bill.version + 1 })
    },
    viewOf: ({ id, reference, status, amountMinor, tries }: Bill) => {
      const times = status !== 'executed' ? 0 : habits.includes('adds_every_try') ? tries : 1
      return { id, reference, status, paidAmount: amountMinor * times, payUrl: `${books.root}/pay/${id}` }
    },
    /** Writes the new status and tells the e-service. */
    move: async (bill: Bill, status: string) => {
      const sequence = bill.told + 1
      books.save({ ...bill, status, told: sequence })
      await tell(stage, `payment.${status}`, sequence, books.viewOf({ ...bill, status }))
    },
    moveRefund: async ({ id, bill: of }: Refund, status: string) => {
      const bill = books.load(of)
      books.refunds.set(id, status)
      books.save({ ...bill, told: bill.told + 1 })
      await tell(stage, `refund.${status}`, bill.told + 1, books.viewOf(bill))
    },
  }
  return books
}

const tell = (stage: NaiveMeans['stage'], type: string, sequence: number, payment: unknown): Promise<Response> => {
  const notice = { type, timestamp: '', sequence, data: { eService: 'naive', payment } }
  return fetch(`${stage.shopRoot}/notices`, { method: 'POST', body: JSON.stringify(notice) })
}

// ------------------------------------------------------------------------------------------------------------------------ hearing

type Hearing = ReturnType<typeof openHearing>

const openHearing = ({ habits }: NaiveMeans, books: Books) => {
  const has = (habit: Habit) => habits.includes(habit)
  const meetings = new Map<string, () => void>()
  /** Holds whoever has looked until somebody else has looked too: the moment that two of them need to act on the same sight. */
  const bothLooked = (id: string): Promise<void> =>
    new Promise((resolve) => {
      const other = meetings.get(id)
      meetings.set(id, resolve)
      if (!other) return
      meetings.set(id, () => {})
      other()
      resolve()
    })
  const nextOf = (bill: Bill, word: string): string => {
    const next = OF_WORD[word] ?? (has('takes_the_unknown_for_no') ? 'refused' : bill.status)
    if (has('last_word_wins')) return next
    if (has('final_is_final') && FINAL.includes(bill.status)) return bill.status
    return RANK.indexOf(next) > RANK.indexOf(bill.status) ? next : bill.status
  }
  return async (id: string, word: string): Promise<void> => {
    const seen = books.load(id)
    const next = nextOf(seen, word)
    if (next === seen.status) return
    if (has('looks_then_acts') || has('clash_is_logged')) await bothLooked(id)
    // What ends a payment has more to do, and so writes later.
    if (has('clash_is_logged') && FINAL.includes(next)) await new Promise(setImmediate)
    if (has('clash_is_logged') && books.load(id).version !== seen.version) return
    await books.move(seen, next)
  }
}

// ------------------------------------------------------------------------------------------------------------------------- the bank

type Bank = ReturnType<typeof openBank>

/** As the demo's agreement says; a throw-away key. */
const MERCHANT = 'LIEPKALNI'
const HEADERS = { authorization: `Bearer sandbox_${MERCHANT}_0123456789abcdef`, 'content-type': 'application/json' }

const openBank = ({ stage, bankRoot, habits, firstNumber }: NaiveMeans, books: Books, hear: Hearing) => {
  const has = (habit: Habit) => habits.includes(habit)
  const payments = `${bankRoot}/sandbox/payments`
  let numbered = firstNumber

  const ask = async (number: string): Promise<'answered' | 'no_answer'> => {
    const about = new URLSearchParams({ merchant: MERCHANT, number })
    const reply = await fetch(`${payments}?${about}`, { headers: HEADERS })
    if (!reply.ok) return 'no_answer'
    const { status }: { status: string } = JSON.parse(await reply.text())
    const id = books.numbers.get(number)
    if (id) await hear(id, status)
    return 'answered'
  }
  const askLater = (id: string, number: string, afterMs: number, tried: number) => {
    stage.clock.at(stage.clock.now() + afterMs, async () => {
      if (FINAL.includes(books.load(id).status)) return
      const answer = await ask(number)
      const bill = books.load(id)
      if (has('gives_up_as_failed') && answer === 'no_answer' && tried === TRIES_BEFORE_GIVING_UP) {
        await books.move(bill, 'refused')
      }
      askLater(id, number, Math.min(2 * afterMs, ASK_AT_MOST_MS), tried + 1)
    })
  }
  /** Orders at the bank; returns where the payer goes. */
  const begin = async (id: string): Promise<string> => {
    const number = String(++numbered)
    if (!has('stores_after_the_call')) books.numbers.set(number, id)
    const bill = books.load(id)
    const own = { merchant: MERCHANT, number, reference: bill.reference, account: 'LV07HABA0000000000001' }
    const money = { amount: bill.amountMinor, currency: 'EUR', text: bill.reference, language: 'lv' }
    const addresses = {
      backUrl: `${books.root}/back/${number}`,
      noticeUrl: `${books.root}/psp/sandbox/liepkalni-sandbox/notice`,
    }
    const body = JSON.stringify({ ...own, ...money, ...addresses, payableForMinutes: 15 })
    const reply = await fetch(payments, { method: 'POST', headers: HEADERS, body })
    const { page, id: bankId }: { page: string; id: string } = JSON.parse(await reply.text())
    books.numbers.set(number, id)
    books.atBank.set(id, bankId)
    const now = books.load(id)
    const status = now.status === 'executed' ? now.status : 'started'
    books.save({ ...now, status, tries: now.tries + 1 })
    if (!has('waits_for_the_callback') && !has('asks_once_on_return')) askLater(id, number, ASK_FIRST_MS, 1)
    return page
  }
  /** The bank takes a repeat under the same number for the same refund. */
  const payBack = async (refund: Refund, afterMs = ASK_FIRST_MS, tried = 1): Promise<void> => {
    const { number, amountMinor } = refund
    const body = JSON.stringify({ merchant: MERCHANT, number, amount: amountMinor, currency: 'EUR' })
    const address = `${payments}/${books.atBank.get(refund.bill)}/refunds`
    const made = await fetch(address, { method: 'POST', headers: HEADERS, body })
      .then(async (reply) => reply.ok && (await reply.text()) !== '')
      .catch(() => false)
    if (made) return books.moveRefund(refund, 'done')
    if (tried === TRIES_BEFORE_GIVING_UP && has('gives_up_as_failed')) return books.moveRefund(refund, 'failed')
    books.refunds.set(refund.id, 'unknown')
    const nextMs = Math.min(2 * afterMs, ASK_AT_MOST_MS)
    stage.clock.at(stage.clock.now() + afterMs, () => payBack(refund, nextMs, tried + 1))
  }
  const refund = async (bill: string, amountMinor: number): Promise<string> => {
    const number = String(++numbered)
    await payBack({ id: `refund_${number}`, bill, number, amountMinor })
    return `refund_${number}`
  }
  return { ask, begin, refund }
}

// ----------------------------------------------------------------------------------------------------------------------- the edges

const json = (status: number, body: unknown) => Response.json(body, { status })

const routesOf = ({ habits }: NaiveMeans, books: Books, hear: Hearing, bank: Bank) => {
  const inbox = openInbox(books, hear, habits.includes('marks_seen_first'))
  return async (request: Request): Promise<Response> => {
    const [, place, part, id = '', action, refund] = new URL(request.url).pathname.split('/')
    if (place === 'pay' && part) return Response.redirect(await bank.begin(part), 303)
    if (place === 'back' && part) {
      await bank.ask(part)
      return new Response('<html data-page="back"></html>')
    }
    if (place === 'psp') return inbox(await request.text())
    if (part === 'payments' && id === '') return ordered(books, await request.text())
    if (refund) return json(200, { id: refund, status: books.refunds.get(refund) })
    if (action === 'refunds') {
      const { amount }: { amount: number } = JSON.parse(await request.text())
      return json(201, { id: await bank.refund(id, amount) })
    }
    if (action === 'cancel') await books.move(books.load(id), 'cancelled')
    return json(200, books.viewOf(books.load(id)))
  }
}

const ordered = (books: Books, text: string): Response => {
  const { reference, amount }: { reference: string; amount: number } = JSON.parse(text)
  const id = `naive_${books.all() + 1}_${reference}`
  books.save({ id, reference, amountMinor: amount, status: 'open', tries: 0, told: 0, version: 0 })
  return json(201, books.viewOf(books.load(id)))
}

/** A notice about nobody is answered 200, so that strangers learn nothing. */
const openInbox = (books: Books, hear: Hearing, marksFirst: boolean) => {
  const seen = new Set<string>()
  return async (text: string): Promise<Response> => {
    const { payment }: { payment: { number: string; status: string } } = JSON.parse(text)
    const id = books.numbers.get(payment.number)
    if (!id || seen.has(text)) return json(200, {})
    if (marksFirst) seen.add(text)
    try {
      await hear(id, payment.status)
      seen.add(text)
      return json(200, {})
    } catch {
      return json(503, {})
    }
  }
}
