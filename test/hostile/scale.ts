import { inject } from 'vitest'

declare module 'vitest' {
  interface ProvidedContext {
    /** What `test/hostile/run.mjs` was asked for; absent among the proofs. */
    readonly hostile: Asked | undefined
  }
}

type Asked = { readonly part?: Part; readonly cases?: number; readonly seed: number }

const PARTS = ['api', 'messages', 'http', 'addresses'] as const
export type Part = (typeof PARTS)[number]

/** How much is done, and by when a machine must have done it. */
export type Scale = {
  readonly long: boolean
  readonly seed: number
  readonly parts: readonly Part[]
  /** Requests made from the API's document. */
  readonly apiCases: number
  /** Real messages of banks, mangled. */
  readonly messageCases: number
  /** Answers of a bank to the hub's own calls, mangled: each takes as long as several messages. */
  readonly answerCases: number
  /** Addresses, written as nobody would. */
  readonly addressCases: number
  readonly http: {
    /** Requests with bytes altered by chance. */
    readonly spoilt: number
    readonly halfOpen: number
    /** After the hub's own limit: it looks every second, and the machine may be busy. */
    readonly slackMs: number
    /** 99 of 100 healthy requests, and each. */
    readonly mostWithinMs: number
    readonly healthyWithinMs: number
    readonly grownAtMostMb: number
  }
}

/** The short form among the proofs, on a machine that may be busy; the long form when the command asks for it. */
export const scaleOf = (): Scale => {
  const asked = inject('hostile')
  const long = asked !== undefined
  return {
    long,
    seed: asked?.seed ?? 1,
    parts: asked?.part ? [asked.part] : PARTS,
    apiCases: asked?.cases ?? 10_000,
    messageCases: asked?.cases ?? (long ? 10_000 : 2_000),
    answerCases: long ? Math.ceil((asked.cases ?? 10_000) / 4) : 250,
    addressCases: asked?.cases ?? (long ? 10_000 : 1_000),
    http: long
      ? {
          spoilt: asked.cases ?? 5_000,
          halfOpen: 1_000,
          slackMs: 5_000,
          mostWithinMs: 250,
          healthyWithinMs: 1_000,
          grownAtMostMb: 200,
        }
      : {
          spoilt: 1_000,
          halfOpen: 500,
          slackMs: 10_000,
          mostWithinMs: 1_000,
          healthyWithinMs: 5_000,
          grownAtMostMb: 200,
        },
  }
}

/** Figures for whoever started the command. */
export const tell = (...lines: readonly string[]): void => {
  process.stdout.write(`${lines.join('\n')}\n`)
}
