import { setTimeout as pause } from 'node:timers/promises'
import { chanceFrom } from '../torture/chance.ts'
import { type Among, anyNode, cancel, choose, decide, OFFERS, openRound, ordersOf, type Raced } from './acts.ts'

/** A payer begins at one hub while the e-service cancels at the other; whatever the bank then holds is paid. */

/**
 * By how much the cancel is sent after the payer's choice, or before it where negative. Moved towards the moment at which either may come
 * first, the faster the longer one of them always does: so both happen on any machine, and most pairs meet.
 */
export type Edge = { afterMs: number; stepMs: number }

/** A begin is signed first, and so later under way than a cancel that was sent with it. */
export const openEdge = (): Edge => ({ afterMs: 5, stepMs: LEAST_STEP_MS })

/** Nothing may still be paid; else the answer is `CLOSING`: something may. */
export const CANCELLED = 200
export const CLOSING = 202

const LEAST_STEP_MS = 2
const FURTHEST_MS = 1_000

export const duel = async (about: Among, edge: Edge, round: number): Promise<Raced> => {
  const { seed, world } = about
  const chance = chanceFrom(seed * 100_019 + round)
  const peer = `11.${(round >> 16) & 255}.${(round >> 8) & 255}.${round & 255}`
  const doing = await openRound(about, `D-${seed}-${round}`, peer, chance)
  const { id, reference } = doing
  const node = anyNode(chance)
  const { afterMs } = edge
  const [led, cancelled] = await Promise.all([
    pause(Math.max(0, -afterMs)).then(() => choose(doing, { node, offer: chance.pick(...OFFERS), notPaid: false })),
    pause(Math.max(0, afterMs)).then(() => cancel(doing, node === 0 ? 1 : 0)),
  ])
  move(edge, cancelled === CANCELLED)
  for (const order of ordersOf(world, reference)) await decide(doing, order, 'pay')
  return { id, reference, oneBank: true, cancels: [cancelled], refunds: [], refusedRefunds: 0, led: [led] }
}

const move = (edge: Edge, cancelledFirst: boolean): void => {
  const wasLater = edge.stepMs > 0
  const by = wasLater === cancelledFirst ? edge.stepMs * 1.5 : cancelledFirst ? LEAST_STEP_MS : -LEAST_STEP_MS
  edge.stepMs = by
  edge.afterMs = Math.min(FURTHEST_MS, Math.max(-FURTHEST_MS, edge.afterMs + by))
}
