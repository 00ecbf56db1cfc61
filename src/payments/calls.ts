import type { OutboundMessage, Reading, Reply, Step } from '../channels/channel.ts'
import { newId } from '../kernel/ids.ts'
import { type Instant, SECOND_MS } from '../kernel/time.ts'
import type { OpenAgreement } from '../merchants/index.ts'
import { during } from '../platform/traces.ts'
import type { Hub } from './hub.ts'
import { storable } from './readings.ts'
import type { MessageRow } from './store/index.ts'

/** A payer waits for the answer to a beginning; a PSP that takes longer than this is treated as silent. */
const CALL_TIMEOUT_MS = 10 * SECOND_MS
/** Answers are a few kB; anything near this is not one. */
const MAX_REPLY_BYTES = 512 * 1024
/** The longest conversation of a known protocol is two calls. */
const MAX_CALLS = 5
/** A conversation whose end is not known by then has none: each of its calls is sent twice at most. */
export const LONGEST_CONVERSATION_MS = 2 * MAX_CALLS * CALL_TIMEOUT_MS

type EndStep = Exclude<Step, { step: 'call' }>

/** Where a conversation ended, and every message of it, to be stored with its effect. */
export type Conversation = {
  readonly end: EndStep | { readonly step: 'no_answer'; readonly result: 'not_sent' | 'unknown' }
  readonly messages: readonly Omit<MessageRow, 'payment' | 'attempt' | 'readings' | 'verdict'>[]
}

export type Errand = {
  readonly purpose: MessageRow['purpose']
  /** An earlier conversation may have acted: a call that could act twice is not made. */
  readonly again?: boolean
  readonly traceparent: string | undefined
}

/** Makes the calls a channel asks for, until it says something else. A call that surely was not sent is made once more. */
export const converse = async (
  hub: Hub,
  open: OpenAgreement,
  first: Step,
  { purpose, again = false, traceparent }: Errand,
): Promise<Conversation> => {
  const messages: Conversation['messages'][number][] = []
  let step = first
  for (let calls = 0; step.step === 'call'; calls++) {
    if (calls === MAX_CALLS || (again && !step.repeatable))
      return { end: { step: 'no_answer', result: 'unknown' }, messages }
    const sentAt = hub.clock.now()
    const sent = await measured(hub, open, step.message, purpose, traceparent)
    messages.push(...messagesOf(hub, open, step.message, { sent, sentAt }, purpose))
    hub.health.note(open.record.id, sent.kind === 'answered' && sent.reply.status < 500)
    if (sent.kind !== 'answered') {
      const result = messages.length > 1 ? 'unknown' : sent.kind
      return { end: { step: 'no_answer', result }, messages }
    }
    try {
      step = storableStep(await step.next(sent.reply))
    } catch (fault) {
      hub.warn('a channel could not read a reply', { channel: open.record.channel, agreement: open.record.id, fault })
      return { end: { step: 'no_answer', result: 'unknown' }, messages }
    }
  }
  return { end: step, messages }
}

/** A step that calls again holds a function, and nothing that is stored before its answer. */
const storableStep = (step: Step): Step => (step.step === 'call' ? step : storable(step))

type Sent = Awaited<ReturnType<Hub['send']>>

/** The PSP is told nothing of traces: the ids are ours. */
const measured = async (
  hub: Hub,
  open: OpenAgreement,
  message: OutboundMessage,
  purpose: MessageRow['purpose'],
  parent: string | undefined,
): Promise<Sent> => {
  const { channel } = open.record
  const began = performance.now()
  const about = { 'ebizness.channel': channel, 'ebizness.purpose': purpose }
  const sent = await during(
    hub.traces.begin('psp.call', { kind: 'client', parent, about }),
    () => sendTwiceIfUnsent(hub, open, message),
    ({ kind }) => ({ 'ebizness.outcome': kind }),
  )
  hub.observe('call_seconds', { channel, purpose, outcome: sent.kind }, (performance.now() - began) / SECOND_MS)
  return sent
}

const sendTwiceIfUnsent = async (hub: Hub, open: OpenAgreement, message: OutboundMessage): Promise<Sent> => {
  const sent = await sendOnce(hub, open, message)
  return sent.kind === 'not_sent' ? sendOnce(hub, open, message) : sent
}

const sendOnce = async (hub: Hub, open: OpenAgreement, message: OutboundMessage): Promise<Sent> => {
  const { auth } = message
  const key = auth?.scheme === 'mutual-tls' ? auth.client : auth?.secret
  let credentials: Awaited<ReturnType<OpenAgreement['credentials']>> = {}
  try {
    if (key) credentials = await open.credentials(key)
  } catch (fault) {
    hub.warn('a call was not made for want of its key', { agreement: open.record.id, key, fault })
    return { kind: 'not_sent', why: `the key ${key} cannot be used` }
  }
  const { secret = '', certificate, privateKey } = credentials
  const authorization =
    auth?.scheme === 'bearer'
      ? { authorization: `Bearer ${secret}` }
      : auth?.scheme === 'basic'
        ? { authorization: `Basic ${Buffer.from(`${auth.user}:${secret}`).toString('base64')}` }
        : {}
  return hub.send({
    method: message.method,
    url: message.url,
    headers: { ...message.headers, ...authorization },
    ...(message.body ? { body: message.body } : {}),
    timeoutMs: CALL_TIMEOUT_MS,
    maxBytes: MAX_REPLY_BYTES,
    ...(certificate && privateKey ? { client: { certificate, privateKey } } : {}),
  })
}

/** The request as it was sent, without its secrets, and the reply as it came or why there was none. */
const messagesOf = (
  hub: Hub,
  open: OpenAgreement,
  request: OutboundMessage,
  { sent, sentAt }: { readonly sent: Sent; readonly sentAt: Instant },
  purpose: MessageRow['purpose'],
): Conversation['messages'] => {
  const shared = {
    merchant: open.record.merchant,
    agreement: open.record.id,
    purpose,
    method: request.method,
    url: request.url,
    peer: new URL(request.url).host,
  }
  const out = {
    ...shared,
    id: newId('msg', sentAt, hub.random),
    direction: 'out' as const,
    at: sentAt,
    headers: request.headers,
    body: request.body ?? new Uint8Array(),
    status: null,
  }
  if (sent.kind !== 'answered')
    return [{ ...out, headers: { ...out.headers, 'x-outcome': `${sent.kind}: ${sent.why}` } }]
  const { reply } = sent
  return [
    out,
    { ...shared, ...replyRow(reply), id: newId('msg', reply.receivedAt, hub.random), direction: 'in' as const },
  ]
}

const replyRow = (reply: Reply) => ({
  at: reply.receivedAt,
  headers: reply.headers,
  body: reply.body,
  status: reply.status,
})

/** The readings that a conversation ended with. */
export const readingsOf = (conversation: Conversation): readonly Reading[] =>
  conversation.end.step === 'heard' ? conversation.end.readings : []
