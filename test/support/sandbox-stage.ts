import type { Agreement, Attempt, Order, Reading, Reply, Step, WireMessage } from '../../src/channels/channel.ts'
import { testAgreement, testBank, throwAwayKeys } from '../../src/channels/conformance/agreement.ts'
import type { Books, CallMood } from '../../src/channels/sandbox/books.ts'
import { sandboxChannel as channel, type SandboxSettings } from '../../src/channels/sandbox/channel.ts'
import { sandboxSimulator as simulator } from '../../src/channels/sandbox/simulator.ts'
import type { SentMessage, Turn } from '../../src/channels/simulator.ts'

/** For the sandbox channel's tests: hub and bogus bank joined by hand, with a clock that passes when told. */

export const ROOT = 'https://bank.example/sandbox'
export const START = 1_800_000_000_000
export const payee = { iban: 'LV07HABA0000000000001', name: 'Liepkalnu novada pašvaldība' }
export const settings = channel.settings.parse({ merchantId: 'LIEPKALNI', url: ROOT })

export const ours = throwAwayKeys('ed25519')
export const strangers = throwAwayKeys('ed25519')

export const agreementAt = (now: number): Agreement<SandboxSettings> =>
  testAgreement(channel, { settings, keys: { bank: [{ publicKey: ours.publicKey }] }, now })

export const orderOf = (amountMinor: number, number = '1001'): Order => ({
  attempt: { id: 'att_1', number },
  amount: { amountMinor, currency: 'EUR' },
  payee,
  reference: `NIN-2026-${number}`,
  description: 'Nekustamā īpašuma nodoklis 2026',
  language: 'lv',
  addresses: { back: `https://hub.example/psp/${number}/back`, notice: `https://hub.example/psp/${number}/notice` },
})

/** The bank, a clock and the wire between: calls and messages go through as the hub would carry them. */
export const openWorld = () => {
  let now = START
  let turns = 0
  let books = simulator.start({ agreements: [{ id: 'liepkalni-sandbox', settings, payee }] })
  const bank = () =>
    testBank({
      now,
      nonce: String(++turns).padStart(32, '0'),
      root: ROOT,
      keys: [ours.privateKey],
      stranger: strangers.privateKey,
    })
  const take = (turn: Turn<Books>): Turn<Books> => {
    books = turn.state
    return turn
  }
  const request = async (method: string, url: string, body: Uint8Array = new Uint8Array(), key = 'LIEPKALNI') => {
    const path = new URL(url).pathname.slice('/sandbox'.length)
    const headers = { authorization: `Bearer sandbox_${key}_0123456789abcdef` }
    return take(await simulator.request(books, { method, url, headers, body, path, receivedAt: now }, bank()))
  }
  /** Carries a step to its end; undefined when the bank stays silent. */
  const carry = async (step: Step): Promise<Step | undefined> => {
    if (step.step !== 'call') return step
    const { answer } = await request(step.message.method, step.message.url, step.message.body)
    if (answer.kind !== 'answer') return undefined
    const body = new TextEncoder().encode(answer.body)
    const reply: Reply = { status: answer.status, headers: answer.headers ?? {}, body, receivedAt: now }
    return carry(await step.next(reply))
  }
  const begin = async (order: Order) => carry(await channel.begin(order, agreementAt(now)))
  const enquire = async (attempt: Attempt) =>
    readings(await carry(await must(channel.enquire)(attempt, agreementAt(now))))
  const refund = async (attempt: Attempt, number: string, amountMinor: number) =>
    readings(
      await carry(
        await must(channel.refund)(
          { id: 'rfd_1', number, amount: { amountMinor, currency: 'EUR' }, attempt },
          agreementAt(now),
        ),
      ),
    )
  return {
    begin,
    enquire,
    refund,
    request,
    visit: (id: string) => request('GET', `${ROOT}/checkout/${id}`),
    choose: async (id: string, choice: string) => take(await simulator.choose(books, id, choice, bank())),
    mood: (calls: CallMood) => request('PUT', `${ROOT}/switch`, new TextEncoder().encode(JSON.stringify({ calls }))),
    orders: () => simulator.orders(books),
    pass: (ms: number) => {
      now += ms
    },
  }
}

export const must = <Value>(value: Value | undefined): Value => {
  if (value === undefined) throw new Error('missing')
  return value
}
export const readings = (step: Step | undefined): readonly Reading[] => (step?.step === 'heard' ? step.readings : [])

export const begun = async (
  world: ReturnType<typeof openWorld>,
  amountMinor = 12_345,
  number = '1001',
): Promise<Attempt> => {
  const step = await world.begin(orderOf(amountMinor, number))
  if (step?.step !== 'redirect') throw new Error(`no redirect: ${JSON.stringify(step)}`)
  return attempt({ kept: step.keep, number, amountMinor })
}
export const attempt = (of: { kept?: Attempt['kept']; number?: string; amountMinor?: number }): Attempt => ({
  id: 'att_1',
  number: of.number ?? '1001',
  amount: { amountMinor: of.amountMinor ?? 12_345, currency: 'EUR' },
  begunAt: START,
  kept: of.kept ?? {},
  refunds: [],
})
export const idOf = (of: Attempt): string => must(of.kept.pspIds?.[0])

export const asWire = (message: SentMessage): WireMessage => ({
  method: message.method,
  url: message.url,
  headers: message.headers,
  body: message.body,
  receivedAt: START,
})
export const readNotice = async (message: SentMessage) => channel.read(asWire(message), agreementAt(START))
export const word = (reading: Reading): string =>
  reading.says === 'refused' ? reading.reason : reading.says === 'untrusted' ? reading.rule : reading.says
