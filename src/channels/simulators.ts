import { sandboxSimulator } from './sandbox/simulator.ts'
import type { Simulator } from './simulator.ts'
import { swedbankLvSimulator } from './swedbank-lv/simulator.ts'

/** The other side of every channel. For tests and the sandbox only: no production process loads this file. */
export const simulators: readonly Simulator[] = [swedbankLvSimulator, sandboxSimulator]
