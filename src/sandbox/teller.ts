import type { WireMessage } from '../channels/channel.ts'
import type { Bank, Choice, Setup, SimulatedOrder, Simulator, SimulatorAnswer, Turn } from '../channels/simulator.ts'
import type { Random } from '../kernel/ids.ts'
import type { Clock } from '../kernel/time.ts'
import { bankKeys, type WorldKeys } from './keys.ts'
import type { Outbox } from './outbox.ts'

/** One simulated bank at work: its state, and turns one after another. */
export type Teller = {
  readonly channel: string
  readonly choices: readonly Choice[]
  request(message: WireMessage & { readonly path: string }): Promise<SimulatorAnswer>
  choose(order: string, choice: string): Promise<SimulatorAnswer>
  orders(): readonly SimulatedOrder[]
}

export type TellerMeans = {
  readonly clock: Clock
  readonly random: Random
  readonly keys: WorldKeys
  readonly outbox: Outbox
  /** Where this bank is reached, without a slash at the end. */
  readonly root: string
}

export const openTeller = (simulator: Simulator, setup: Setup, means: TellerMeans): Teller => {
  const { channel, choices } = simulator
  let state = simulator.start(setup)
  let before: Promise<unknown> = Promise.resolve()

  /** A turn reads the state that the turn before left; one that fails leaves it as it was. */
  const inTurn = (
    order: string | undefined,
    take: (state: unknown, bank: Bank) => Promise<Turn<unknown>>,
  ): Promise<SimulatorAnswer> => {
    const turn = before.then(async () => {
      const { state: next, answer, send } = await take(state, bankOf(means))
      state = next
      means.outbox.put(channel, order, send)
      return answer
    })
    before = turn.catch(() => undefined)
    return turn
  }

  return {
    channel,
    choices,
    request: (message) => inTurn(undefined, (now, bank) => simulator.request(now, message, bank)),
    choose: (order, choice) => inTurn(order, (now, bank) => simulator.choose(now, order, choice, bank)),
    orders: () => simulator.orders(state),
  }
}

const bankOf = ({ clock, random, keys, root }: TellerMeans): Bank => ({
  ...bankKeys(keys),
  now: clock.now(),
  nonce: Buffer.from(random(16)).toString('hex'),
  root,
})
