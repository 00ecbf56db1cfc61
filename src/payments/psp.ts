import { type Context, Hono } from 'hono'
import type { WireMessage } from '../channels/channel.ts'
import type { AttemptId } from '../kernel/ids.ts'
import { MINUTE_MS, SECOND_MS } from '../kernel/time.ts'
import { rateLimiter } from '../platform/http/limits.ts'
import { enquireByHint } from './enquire.ts'
import type { Hub } from './hub.ts'
import { type Arrived, type Received, receive } from './inbox.ts'
import type { ProblemKind } from './pages/props.ts'
import { MAX_BODY_BYTES } from './requests.ts'

/** How long the payer waits at most for the answer to an enquiry before the page says that we are finding out. */
const ASK_BEFORE_PAGE_MS = 4 * SECOND_MS
/** Messages that prove nothing, per agreement and node; verified ones are never held back. Far above a bank's repeats. */
const UNTRUSTED_RATE = { perSecond: 5, burst: (5 * MINUTE_MS) / SECOND_MS }
/** Told to who is held back: the bucket has refilled by then, and banks repeat no sooner. */
const HELD_BACK_S = MINUTE_MS / SECOND_MS
/** Above the payers who come back by an unsigned address in the busiest second. */
const HINT_RATE = { perSecond: 100, burst: 300 }

type ShowProblem = (c: Context, problem: ProblemKind, status: 400 | 404 | 413 | 429) => Response | Promise<Response>

/** Addresses given to PSPs: `/psp/<channel>/<agreement>[/<attempt>]/{back,notice}`. Cross-site, so neither cookie nor Origin is needed. */
export const pspRoutes = (hub: Hub, showProblem: ShowProblem): Hono => {
  const app = new Hono()
  const limiters = { untrusted: rateLimiter(UNTRUSTED_RATE, hub.clock), hint: rateLimiter(HINT_RATE, hub.clock) }
  const handle = async (c: Context): Promise<Response> => {
    const body = new Uint8Array(await c.req.arrayBuffer())
    if (body.length > MAX_BODY_BYTES) return showProblem(c, 'bad_request', 413)
    const arrived = arrivedFrom(hub, c, body)
    const received = arrived && (await receive(hub, arrived, (what, agreement) => limiters[what].take(agreement) > 0))
    if (!received) return showProblem(c, 'not_found', 404)
    if (received === 'held_back') {
      c.header('retry-after', String(HELD_BACK_S))
      // A bank repeats what is answered so; it may be a true message whose key we have not been given yet.
      return arrived?.address === 'notice' ? c.body(null, 503) : showProblem(c, 'too_many', 429)
    }
    return received.carrier === 'psp' ? answerPsp(received) : sendPayerOn(hub, c, received, showProblem)
  }
  for (const path of ['/psp/:channel/:agreement/:address', '/psp/:channel/:agreement/:attempt/:address']) {
    app.get(path, handle)
    app.post(path, handle)
  }
  return app
}

const isAttemptId = (text: string): text is AttemptId => /^att_[0-9a-z]{26}$/.test(text)

const arrivedFrom = (hub: Hub, c: Context, body: Uint8Array): Arrived | undefined => {
  const { channel = '', agreement = '', attempt, address } = c.req.param()
  if (address !== 'back' && address !== 'notice') return undefined
  if (attempt !== undefined && !isAttemptId(attempt)) return undefined
  const headers = Object.fromEntries([...c.req.raw.headers].map(([name, value]) => [name.toLowerCase(), value]))
  // As it was asked for from outside, still percent-encoded: the path and query are ours, the host is the hub's public one.
  const asked = c.req.raw.url.slice(new URL(c.req.raw.url).origin.length)
  const message: WireMessage & { receivedAt: number } = {
    method: c.req.method,
    url: hub.publicUrl + asked,
    headers,
    body,
    receivedAt: hub.clock.now(),
    ...(attempt ? { attempt } : {}),
  }
  return {
    channel,
    agreement,
    address,
    message,
    peer: peerOf(c, headers['x-forwarded-for']),
    ...(attempt ? { attempt } : {}),
  }
}

/** Who connected and, behind a proxy, for whom it says it does. */
const peerOf = (c: Context, forwardedFor: string | undefined): string => {
  const connected: unknown = c.env?.peer
  return [typeof connected === 'string' ? connected : '', forwardedFor ? `for ${forwardedFor}` : ''].join(' ').trim()
}

const answerPsp = ({ answer }: Received): Response =>
  new Response(answer.body, {
    status: answer.status,
    headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store', ...answer.headers },
  })

/** The payer sees the payment's true state, whatever was brought; a hint that proves nothing is asked about first. */
const sendPayerOn = async (hub: Hub, c: Context, received: Received, showProblem: ShowProblem): Promise<Response> => {
  if (!received.payToken) return showProblem(c, received.verdict === 'untrusted' ? 'bad_request' : 'not_found', 400)
  if (received.ask) {
    const { merchant, payment, attempt } = received.ask
    await Promise.race([enquireByHint(hub, merchant, payment, attempt), afterMs(ASK_BEFORE_PAGE_MS)])
  }
  return c.redirect(`${hub.publicUrl}/pay/${received.payToken}?back=yes`, 303)
}

const afterMs = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms).unref()
  })
