import type { Lived } from './world.ts'

export type Simulated = {
  readonly schedules: number
  readonly payments: number
  readonly executed: number
  readonly untold: number
  readonly moved: number
  readonly crashes: number
  readonly failures: readonly Lived[]
  /** Every life, where they are kept. */
  readonly lives: readonly Lived[]
  readonly seconds: number
}

export declare const simulateInProcesses: (wanted: {
  readonly seed?: number
  readonly schedules?: number
  readonly also?: readonly number[]
  readonly processes: number
  readonly keep?: boolean
  readonly forgetful?: boolean
  readonly careless?: readonly ('last-look' | 'answers' | 'refunds' | 'amounts' | 'references' | 'tasks')[]
  readonly progress?: (count: number) => void
  readonly broken?: (life: Lived) => void
}) => Promise<Simulated>
