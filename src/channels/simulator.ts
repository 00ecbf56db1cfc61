import type { Language, Localized } from '../kernel/language.ts'
import type { Money } from '../kernel/money.ts'
import type { Instant } from '../kernel/time.ts'
import type { Answer, SignatureAlgorithm, WireMessage } from './channel.ts'

/**
 * The other side of a channel, written from the bank's side of the facts. Pure: state in, state out; `sandbox/` gives it sockets
 * and time. No production process loads one.
 */
export type Simulator<State = unknown> = {
  readonly channel: string
  /** What a tester can decide, in the order shown. */
  readonly choices: readonly Choice[]
  start(setup: Setup): State
  /** A request that reached the bank: by the payer's browser or from the hub's server. `path` is below the simulator's own root. */
  request(state: State, message: WireMessage & { readonly path: string }, bank: Bank): Promise<Turn<State>>
  /** The tester decides what becomes of one order. `choice` is an id of `choices`. */
  choose(state: State, order: string, choice: string, bank: Bank): Promise<Turn<State>>
  /** The bank's books: what was really paid, to compare with the hub's. */
  orders(state: State): readonly SimulatedOrder[]
}

/** Said to an order of a merchant that the simulated bank was not told of. */
export const NOT_TOLD_OF =
  ': the banks of the demo know the merchants of the demo; "ebizness sandbox <cma.yaml>" plays the banks of yours'

/** What the bank was given when the agreement was made. One per agreement the simulator serves. */
export type Setup = {
  readonly agreements: readonly {
    readonly id: string
    /** The agreement's settings, as in `cma.yaml`. */
    readonly settings: unknown
    readonly payee: { readonly iban: string; readonly name: string }
  }[]
}

/** The bank's own means during one turn. */
export type Bank = {
  readonly now: Instant
  /** 32 hexadecimal digits, fresh in each turn. */
  readonly nonce: string
  /** Where this simulator is reached from outside, without a slash at the end. */
  readonly root: string
  /** Signs with the bank's private key of that agreement; `which` 1 is the bank's next key, 9 a stranger's. */
  sign(agreement: string, algorithm: SignatureAlgorithm, bytes: Uint8Array, which?: number): Promise<Uint8Array>
  /** Verifies with the merchant's public key of that agreement. */
  verify(agreement: string, algorithm: SignatureAlgorithm, bytes: Uint8Array, signature: Uint8Array): Promise<boolean>
}

export type Turn<State> = {
  readonly state: State
  readonly answer: SimulatorAnswer
  /** Messages that leave the bank because of this turn, in order. */
  readonly send: readonly SentMessage[]
}

export type SimulatorAnswer =
  /** `afterMs`: a slow bank answers only then. */
  | ({ readonly kind: 'answer'; readonly afterMs?: number } & Answer)
  /** The payer's browser sees the page on which the tester decides about this order. */
  | { readonly kind: 'page'; readonly order: string }
  /** The payer's browser sees a plain sentence (order refused, window closed), in the order's language where one is known. */
  | { readonly kind: 'sentence'; readonly text: Localized; readonly status: number; readonly language?: Language }
  /** The payer's browser is sent on: by a redirect (GET) or a form that posts itself. */
  | {
      readonly kind: 'carry'
      readonly method: 'GET' | 'POST'
      readonly url: string
      readonly fields: readonly (readonly [string, string])[]
      readonly charset: string
    }
  /** Nothing is answered: the connection stays silent until the caller gives up. */
  | { readonly kind: 'silence' }

export type SentMessage = {
  /** Milliseconds from now. */
  readonly afterMs: number
  readonly method: 'GET' | 'POST'
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
  /** Sent again until HTTP 200, at this interval and so often. */
  readonly repeat?: { readonly everyMs: number; readonly times: number }
  /** Leave only when this one has been answered HTTP 200; their `afterMs` counts from then. */
  readonly onceTaken?: readonly SentMessage[]
}

export type Choice = {
  readonly id: string
  readonly name: Localized
  readonly tells: Localized
  /** Where the tester's page shows it; `usual` when absent. `trouble`: messages late, lost or doubled. `hostile`: wrong or forged ones. */
  readonly group?: 'usual' | 'trouble' | 'hostile'
}

export type SimulatedOrder = {
  readonly id: string
  readonly agreement: string
  /** Our number of the attempt, as the bank got it. */
  readonly number: string
  readonly amount: Money
  readonly text: string
  /** In which the order asks the bank to speak to the payer. */
  readonly language?: Language
  readonly paid: boolean
  readonly refundedMinor: number
  readonly madeAt: Instant
}
