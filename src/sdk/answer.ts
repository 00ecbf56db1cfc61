/** What a call gives back, and how it is told that it gave nothing. */

/** Why a call did not succeed. `code` is stable and for programs, `detail` tells a person what to do. */
export type HubProblem = {
  /** Of the hub, or of the SDK: one of `OWN_CODES`. */
  readonly code: string
  /** 0 when there was no answer. */
  readonly status: number
  readonly detail: string
  /** The first field at fault, e.g. `payer.email`. */
  readonly path?: string
  /** Every field at fault, each with what it must be. */
  readonly errors?: readonly { readonly path: string; readonly message: string }[]
  /** The other payment, with `reference_in_use`. */
  readonly payment?: string
}
export type Answer<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly problem: HubProblem }

/** Codes of the SDK itself, where no hub has spoken: nobody answered in time, the answer is not a hub's, the call was not sent. */
export const OWN_CODES = ['unreachable', 'not_the_hub', 'bad_idempotency_key'] as const

/** The problem of a call, for programs that would rather catch. */
export class HubError extends Error {
  readonly problem: HubProblem

  constructor(problem: HubProblem) {
    const fields = problem.errors?.map(({ path, message }) => `${path}: ${message}`).join('; ') ?? ''
    super(`${problem.code}: ${problem.detail}${fields === '' ? '' : ` (${fields})`}`)
    this.name = 'HubError'
    this.problem = problem
  }
}

/** The value of an answer; throws a HubError where there is none. */
export const orThrow = <Value>(answer: Answer<Value>): Value => {
  if (!answer.ok) throw new HubError(answer.problem)
  return answer.value
}
