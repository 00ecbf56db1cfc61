import type { SentMessage, Simulator, SimulatorAnswer, Turn } from '../../src/channels/simulator.ts'
import { simulators } from '../../src/channels/simulators.ts'
import type { Random } from '../../src/kernel/ids.ts'
import { demoKeys, renderDemoFile, setupsFrom } from '../../src/sandbox/index.ts'
import { bankKeys } from '../../src/sandbox/keys.ts'
import { type Callee, happens, type Wire } from './network.ts'
import { BANK_ROOT, SHOP_ROOT } from './places.ts'
import { delayOf } from './weather.ts'

/** The simulated banks of one world: their books, and what leaves them. */
export type Banks = {
  readonly callee: Callee
  choices(channel: string): readonly string[]
  /** From a payer's browser or the hub. */
  request(request: BankRequest): Promise<SimulatorAnswer>
  /** The payer decides; `decided` is false where the bank lets nobody decide any more. */
  choose(
    channel: string,
    order: string,
    choice: string,
  ): Promise<{ readonly answer: SimulatorAnswer; readonly decided: boolean }>
  orders(): readonly BankOrder[]
  /** How the bank that can be asked answers from now on. */
  setMood(calls: string): Promise<void>
}

export type BankRequest = {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

export type BankOrder = ReturnType<Simulator['orders']>[number] & { readonly channel: string }

export type BankParts = {
  readonly wire: Wire
  readonly random: Random
  /** Carries one message to the hub; true when it was answered 200. */
  deliver(message: SentMessage, channel: string, attempt: number): Promise<boolean>
}

const keys = bankKeys(demoKeys())
const setups = setupsFrom(renderDemoFile({ bankRoot: BANK_ROOT, shopRoot: SHOP_ROOT }))
const PLAYED: readonly Simulator[] = simulators.filter(({ channel }) =>
  ['sandbox', 'swedbank-lv', 'seb-lv'].includes(channel),
)

export const openBanks = (parts: BankParts): Banks => {
  const { wire, random } = parts
  const { stage } = wire
  const books = new Map<string, unknown>(
    PLAYED.map((bank) => [bank.channel, bank.start(setups[bank.channel] ?? { agreements: [] })]),
  )
  const means = (channel: string) => ({
    ...keys,
    now: stage.now(),
    nonce: Buffer.from(random(16)).toString('hex'),
    root: `${BANK_ROOT}/${channel}`,
  })
  const turned = async (channel: string, take: (bank: Simulator, state: unknown) => Promise<Turn<unknown>>) => {
    const bank = PLAYED.find((one) => one.channel === channel)
    if (!bank) throw new Error(`there is no bank ${channel}`)
    const { state, answer, send } = await take(bank, books.get(channel))
    books.set(channel, state)
    post(channel, send)
    return answer
  }
  /** What leaves a bank is lost, doubled or late, and repeated as the bank repeats. */
  const post = (channel: string, messages: readonly SentMessage[]): void => {
    for (const message of messages) {
      const copies = happens(wire, wire.weather.repeated) ? 2 : 1
      for (let copy = 0; copy < copies; copy++) {
        const late = happens(wire, wire.weather.delayed) ? delayOf(wire.chance) : 0
        stage.plan(stage.now() + message.afterMs + late, () => carry(channel, message, 1))
      }
    }
  }
  const carry = (channel: string, message: SentMessage, attempt: number): void =>
    stage.start(`${channel} sends`, undefined, async () => {
      const taken = await parts.deliver(message, channel, attempt)
      const { repeat, onceTaken = [] } = message
      if (taken) post(channel, onceTaken)
      else if (repeat && attempt <= repeat.times)
        stage.plan(stage.now() + repeat.everyMs, () => carry(channel, message, attempt + 1))
    })

  const request: Banks['request'] = (asked) => {
    const { pathname } = new URL(asked.url)
    const [, channel = ''] = pathname.split('/')
    const message = { ...asked, receivedAt: stage.now(), path: pathname.slice(channel.length + 1) }
    return turned(channel, (bank, state) => bank.request(state, message, means(channel)))
  }

  return {
    callee: {
      name: 'the bank',
      away: wire.weather.bankAway,
      take: async ({ url, headers, body = '' }, method) => {
        const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body
        const answer = await request({ method, url, headers, body: bytes })
        return answer.kind === 'answer' ? answer : undefined
      },
    },
    choices: (channel) => PLAYED.find((one) => one.channel === channel)?.choices.map(({ id }) => id) ?? [],
    request,
    setMood: async (calls) => {
      wire.tell(`the bank’s server: ${calls}`)
      const body = new TextEncoder().encode(JSON.stringify({ calls }))
      await request({ method: 'PUT', url: `${BANK_ROOT}/sandbox/switch`, headers: {}, body })
    },
    choose: async (channel, order, choice) => {
      const before = books.get(channel)
      const answer = await turned(channel, (bank, state) => bank.choose(state, order, choice, means(channel)))
      return { answer, decided: books.get(channel) !== before }
    },
    orders: () =>
      PLAYED.flatMap((bank) =>
        bank.orders(books.get(bank.channel)).map((order) => ({ ...order, channel: bank.channel })),
      ),
  }
}
