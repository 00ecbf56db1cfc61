import { z } from 'zod'
import type { Simulator } from '../../src/channels/simulator.ts'

/** What the bogus bank was asked to give back, counted there: it pays one number once, and so hides who asks twice. */
export type RefundCall = {
  /** The bank's own name of the payment. */
  readonly order: string
  /** Of the refund, as the hub numbered it. */
  readonly number: string
  readonly amountMinor: number
  /** Money went back by this very call. */
  readonly isExecuted: boolean
}

const REFUNDS = /^\/payments\/([^/]+)\/refunds$/
const CREATED = 201
const Asked = z.object({ number: z.string(), amount: z.int() })

/** The same bank, and every refund that it is asked for is written down. */
export const countingRefunds = (simulator: Simulator, calls: RefundCall[]): Simulator => ({
  ...simulator,
  request: async (state, message, bank) => {
    const turn = await simulator.request(state, message, bank)
    const order = message.method === 'POST' ? REFUNDS.exec(message.path)?.[1] : undefined
    if (order !== undefined) {
      const { number, amount } = Asked.parse(JSON.parse(new TextDecoder().decode(message.body)))
      const isExecuted = turn.answer.kind === 'answer' && turn.answer.status === CREATED
      calls.push({ order, number, amountMinor: amount, isExecuted })
    }
    return turn
  },
})

/** Half of the refunds: of an even number of euros. Of the others the tortured hubs' channel says that no call may be repeated. */
export const mayBeRepeated = (amountMinor: number): boolean => amountMinor % 200 === 0

/** By one number money goes back once, and what may not be repeated is sent once. Pure. */
export const judgeRefundCalls = (calls: readonly RefundCall[]): readonly string[] => {
  const byNumber = new Map<string, readonly RefundCall[]>()
  for (const call of calls) {
    const name = `refund ${call.number} of ${call.order}`
    byNumber.set(name, [...(byNumber.get(name) ?? []), call])
  }
  return [...byNumber].flatMap(([name, own]) => {
    const executed = own.filter(({ isExecuted }) => isExecuted).length
    const amounts = new Set(own.map(({ amountMinor }) => amountMinor))
    const isForbidden = own.length > 1 && own.some(({ amountMinor }) => !mayBeRepeated(amountMinor))
    return [
      ...(executed > 1 ? [`${name} was executed ${executed} times`] : []),
      ...(amounts.size > 1 ? [`${name} was asked for over ${[...amounts].join(' and ')}`] : []),
      ...(isForbidden ? [`${name} may not be repeated and was sent ${own.length} times`] : []),
    ]
  })
}
