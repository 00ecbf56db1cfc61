import { listen } from '../../src/app/serve.ts'

/** The line between a hub and its bank: something may happen after the bank has answered and before the hub has the answer. */
export type Line = {
  readonly root: string
  /** Where it leads to. */
  leadTo(bankRoot: string): void
  /** Done once, while the next answer is on its way. */
  meanwhile(work: () => Promise<unknown>): void
  /** Every answer arrives so changed; undefined: as the bank gave it. */
  rewrite(change: ((answer: string) => string) | undefined): void
  stop(): Promise<void>
}

export const startLine = async (): Promise<Line> => {
  let target = ''
  let once: (() => Promise<unknown>) | undefined
  let changed = (answer: string) => answer
  const carry = async (request: Request): Promise<Response> => {
    const { pathname, search } = new URL(request.url)
    const { method, headers } = request
    const body = method === 'GET' ? null : await request.arrayBuffer()
    const answer = await fetch(target + pathname + search, { method, headers, body })
    const text = changed(await answer.text())
    const work = once
    once = undefined
    await work?.()
    return new Response(text, { status: answer.status, headers: { 'content-type': 'application/json' } })
  }
  const listening = await listen(carry, 0, '127.0.0.1')
  return {
    root: `http://localhost:${listening.port}`,
    leadTo: (bankRoot) => {
      target = bankRoot
    },
    meanwhile: (work) => {
      once = work
    },
    rewrite: (change = (answer) => answer) => {
      changed = change
    },
    stop: () => listening.close(0),
  }
}
