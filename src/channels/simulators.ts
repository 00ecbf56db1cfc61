import { coopEeSimulator } from './coop-ee/simulator.ts'
import { lhvEeSimulator } from './lhv-ee/simulator.ts'
import { luminorEeSimulator } from './luminor-ee/simulator.ts'
import { sandboxSimulator } from './sandbox/simulator.ts'
import { sebEeSimulator } from './seb-ee/simulator.ts'
import { sebLtSimulator } from './seb-lt/simulator.ts'
import { sebLvSimulator } from './seb-lv/simulator.ts'
import type { Simulator } from './simulator.ts'
import { swedbankEeSimulator } from './swedbank-ee/simulator.ts'
import { swedbankLvSimulator } from './swedbank-lv/simulator.ts'

/** The other side of every channel. For tests and the sandbox only: no production process loads this file. */
export const simulators: readonly Simulator[] = [
  swedbankLvSimulator,
  sebLvSimulator,
  swedbankEeSimulator,
  sebEeSimulator,
  lhvEeSimulator,
  luminorEeSimulator,
  coopEeSimulator,
  sebLtSimulator,
  sandboxSimulator,
]
