import { estonianBank } from '../ipizza/bank-rules.ts'
import { ipizzaSimulator } from '../ipizza/simulator.ts'

/** SEB Lithuania from its own side: no document was found, so the rest is the Estonian standard's. */
export const sebLtSimulator = ipizzaSimulator(
  estonianBank('seb-lt', {
    zone: 'Europe/Vilnius',
    languages: ['LIT', 'ENG', 'RUS'],
    bothTexts: false,
    accepts: true,
    payeeField: 'VK_ACC',
  }),
)
