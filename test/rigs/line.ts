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
  /** Of what the hub asks at an address that holds this text, the connection breaks: on the way there, or when the bank has acted. Undefined: no more. */
  breaks(address: string, where: 'before' | 'after' | undefined): void
  /** The bank is told to send its notices of such an order where nobody hears them. */
  withoutNotices(reference: string): void
  stop(): Promise<void>
}

export const startLine = async (): Promise<Line> => {
  let target = ''
  let once: (() => Promise<unknown>) | undefined
  let changed = (answer: string) => answer
  const broken = new Map<string, 'before' | 'after'>()
  const unheard = new Set<string>()
  const carry = async (request: Request): Promise<Response> => {
    const { pathname, search } = new URL(request.url)
    const { method } = request
    const [, breaksAt] = [...broken].find(([address]) => (pathname + search).includes(address)) ?? []
    if (breaksAt === 'before') return cutShort()
    const asked = method === 'GET' ? null : withoutNotices(await request.text(), unheard, `${target}/unheard`)
    const headers = { authorization: request.headers.get('authorization') ?? '', 'content-type': 'application/json' }
    const answer = await fetch(target + pathname + search, { method, headers, body: asked })
    if (breaksAt === 'after') return cutShort()
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
    breaks: (address, where) => {
      if (where) broken.set(address, where)
      else broken.delete(address)
    },
    withoutNotices: (reference) => {
      unheard.add(reference)
    },
    stop: () => listening.close(0),
  }
}

/** The connection ends before the answer does. */
const cutShort = (): Response => new Response('{', { headers: { 'content-length': '2', connection: 'close' } })

const withoutNotices = (order: string, unheard: ReadonlySet<string>, nowhere: string): string =>
  [...unheard].some((reference) => order.includes(`"${reference}"`))
    ? order.replace(/"noticeUrl":"[^"]*"/, `"noticeUrl":"${nowhere}"`)
    : order
