import { estonianBank } from '../ipizza/bank-rules.ts'
import { ipizzaSimulator } from '../ipizza/simulator.ts'

/** The bank from its own side, by the Estonian standard of 2014. */
export const luminorEeSimulator = ipizzaSimulator(estonianBank('luminor-ee', { bankId: 'LUMINOR' }))
