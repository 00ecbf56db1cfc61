import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'

/** An e-service that calls both hubs, and repeats what it is told to repeat. */
export type Caller = {
  readonly roots: readonly [string, string]
  readonly apiKey: string
  /** Answers that asked for patience, by code. */
  readonly patience: Map<string, number>
  readonly breaches: string[]
}

export type Answer = { readonly status: number; readonly text: string; readonly code: string | undefined }

/** The first hub, or the second. */
export type Node = 0 | 1

const AGAIN_MS = 40
const MAX_TRIES = 500
/** The hub's patience ended before all of the request had come, which a busy machine can be slow to send: nothing was done. */
const NOT_READ = 408
/** To be asked again a little later, as the API's document says. */
const PASSING: readonly (string | undefined)[] = ['request_in_progress', 'too_many_requests', 'unavailable', 'not_read']

const codeOf = (text: string): string | undefined => /"code":"([a-z_]+)"/.exec(text)?.[1]

export const post = async (
  caller: Caller,
  node: Node,
  path: string,
  body: unknown,
  key: string = randomUUID(),
): Promise<Answer> => {
  const init = {
    method: 'POST',
    headers: {
      authorization: `Bearer ${caller.apiKey}`,
      'content-type': 'application/json',
      'idempotency-key': key,
    },
    body: JSON.stringify(body),
  }
  for (let tried = 1; tried <= MAX_TRIES; tried++) {
    const response = await fetch(caller.roots[node] + path, init)
    const text = await response.text()
    const late = response.status === NOT_READ ? 'not_read' : undefined
    const answer = { status: response.status, text, code: response.ok ? undefined : (codeOf(text) ?? late) }
    if (answer.code === undefined || !PASSING.includes(answer.code)) return judged(caller, path, answer)
    caller.patience.set(answer.code, (caller.patience.get(answer.code) ?? 0) + 1)
    await pause(AGAIN_MS + Math.random() * AGAIN_MS)
  }
  throw new Error(`${path} was not answered in ${MAX_TRIES} tries`)
}

const judged = (caller: Caller, path: string, answer: Answer): Answer => {
  if (answer.status >= 500)
    caller.breaches.push(`POST ${path} was answered ${answer.status}: ${answer.text.slice(0, 300)}`)
  return answer
}

export const get = async (caller: Caller, node: Node, path: string): Promise<string> => {
  const response = await fetch(caller.roots[node] + path, { headers: { authorization: `Bearer ${caller.apiKey}` } })
  const text = await response.text()
  if (!response.ok) throw new Error(`GET ${path} was answered ${response.status}: ${text}`)
  return text
}
