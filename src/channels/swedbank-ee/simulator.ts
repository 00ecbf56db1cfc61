import { estonianBank } from '../ipizza/bank-rules.ts'
import { ipizzaSimulator } from '../ipizza/simulator.ts'

/** The bank from its own side, by the Estonian standard of 2014. */
export const swedbankEeSimulator = ipizzaSimulator(
  estonianBank('swedbank-ee', { bankId: 'HP', lengths: { VK_AMOUNT: 17, VK_REF: 20 }, tellsOfRefusals: true }),
)
