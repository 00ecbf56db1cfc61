import type { Instant } from '../../kernel/time.ts'
import { charsetOf } from '../../wire/charset.ts'
import { writeForm } from '../../wire/form.ts'
import type { Agreement, Attempt, Channel, Kept, Order, OutboundMessage, Reply, Step, WireMessage } from '../channel.ts'
import type { Bank, SentMessage, Simulator, SimulatorAnswer, Turn } from '../simulator.ts'
import { secretOf, type TestKeys } from './agreement.ts'

/** Hub, payer's browser and simulated bank joined by hand: no sockets, no waiting, the same trip every time. */
export type Stage<Settings, State> = {
  readonly channel: Channel<Settings>
  readonly simulator: Simulator<State>
  readonly agreement: Agreement<Settings>
  readonly keys: TestKeys
  readonly bank: Bank
  readonly order: Order
}

/** What one trip of a payer left behind. */
export type Trip<State> = {
  readonly state: State
  readonly attempt: Attempt
  /** Messages for the hub, in the order of their times; at the same moment the server's come before the payer's. */
  readonly messages: readonly WireMessage[]
}

/** Begins the order, lets the payer reach the bank's page, takes the decision there, and carries what follows. */
export const travel = async <Settings, State>(
  stage: Stage<Settings, State>,
  state: State,
  choice: string,
): Promise<Trip<State>> => {
  const begun = await callThrough(stage, state, await stage.channel.begin(stage.order, stage.agreement))
  const arrived = await browse(stage, begun.state, leaving(begun.end))
  if (arrived.end.kind !== 'page') throw new Error(`no page to decide on: ${JSON.stringify(arrived.end)}`)
  const decided = await stage.simulator.choose(arrived.state, arrived.end.order, choice, stage.bank)
  const back = await browse(stage, decided.state, { answer: decided.answer })
  const carried = back.message ? [back.message] : []
  const sent = [...begun.send, ...arrived.send, ...decided.send, ...back.send].flatMap((one) => asReceived(stage, one))
  const messages = [...sent, ...carried].sort((a, b) => (a.receivedAt ?? 0) - (b.receivedAt ?? 0))
  return { state: back.state, attempt: attemptOf(stage, keptOf(begun.end)), messages }
}

type Called<State> = { readonly state: State; readonly end: Step; readonly send: readonly SentMessage[] }

/** Makes the calls that a step asks for; a bank that stays silent ends it where it is. */
export const callThrough = async <Settings, State>(
  stage: Stage<Settings, State>,
  state: State,
  step: Step,
): Promise<Called<State>> => {
  if (step.step !== 'call') return { state, end: step, send: [] }
  const { message } = step
  const called = await reach(stage, state, {
    method: message.method,
    url: message.url,
    headers: { ...message.headers, ...authorization(stage.keys, message) },
    body: message.body ?? new Uint8Array(),
  })
  if (called.answer.kind !== 'answer') return { state: called.state, end: step, send: called.send }
  const then = await callThrough(stage, called.state, await step.next(replyOf(called.answer, stage.bank.now)))
  return { ...then, send: [...called.send, ...then.send] }
}

const authorization = (keys: TestKeys, { auth }: OutboundMessage): Readonly<Record<string, string>> => {
  if (auth?.scheme === 'bearer') return { authorization: `Bearer ${secretOf(keys, auth.secret)}` }
  if (auth?.scheme !== 'basic') return {}
  const pair = Buffer.from(`${auth.user}:${secretOf(keys, auth.secret)}`)
  return { authorization: `Basic ${pair.toString('base64')}` }
}

const replyOf = (answer: Extract<SimulatorAnswer, { kind: 'answer' }>, now: Instant): Reply => ({
  status: answer.status,
  headers: answer.headers ?? {},
  body: new TextEncoder().encode(answer.body),
  receivedAt: now,
})

const keptOf = (step: Step): Kept => (step.step === 'form' || step.step === 'redirect' ? step.keep : {})

const attemptOf = <Settings, State>(stage: Stage<Settings, State>, kept: Kept): Attempt => ({
  ...stage.order.attempt,
  amount: stage.order.amount,
  begunAt: stage.agreement.now,
  kept,
  refunds: [],
})

type Visit = { readonly answer: SimulatorAnswer }

/** What the payer's browser does with a step: posts the form, or goes where it is sent. */
const leaving = (step: Step): Visit => {
  if (step.step === 'redirect') {
    return { answer: { kind: 'carry', method: 'GET', url: step.url, fields: [], charset: 'UTF-8' } }
  }
  if (step.step !== 'form') throw new Error(`a beginning that leads the payer nowhere: ${step.step}`)
  return { answer: { kind: 'carry', method: step.method, url: step.url, fields: step.fields, charset: step.charset } }
}

type Browsed<State> = {
  readonly state: State
  readonly end: SimulatorAnswer
  /** When the browser ended at the hub: what it brought. */
  readonly message?: WireMessage
  readonly send: readonly SentMessage[]
}

/** Follows the browser among the bank's pages until it is shown something or comes to the hub. */
const browse = async <Settings, State>(
  stage: Stage<Settings, State>,
  state: State,
  { answer }: Visit,
): Promise<Browsed<State>> => {
  if (answer.kind !== 'carry') return { state, end: answer, send: [] }
  const message = messageOf(stage, answer)
  if (!answer.url.startsWith(stage.bank.root)) return { state, end: answer, message, send: [] }
  const visited = await reach(stage, state, message)
  const then = await browse(stage, visited.state, visited)
  return { ...then, send: [...visited.send, ...then.send] }
}

const reach = <Settings, State>(
  { simulator, bank }: Stage<Settings, State>,
  state: State,
  message: WireMessage,
): Promise<Turn<State>> => {
  const [path = ''] = message.url.slice(bank.root.length).split('?', 1)
  return simulator.request(state, { ...message, receivedAt: bank.now, path }, bank)
}

const messageOf = <Settings, State>(
  stage: Stage<Settings, State>,
  { method, url, fields, charset }: Extract<SimulatorAnswer, { kind: 'carry' }>,
): WireMessage => {
  const known = charsetOf(charset)
  const form = known && writeForm(fields, known)
  if (!form?.ok) throw new Error(`a browser cannot write this form in ${charset}: ${form?.error ?? 'no such charset'}`)
  const query = form.value === '' ? url : `${url}${url.includes('?') ? '&' : '?'}${form.value}`
  return received(stage, {
    method,
    url: method === 'GET' ? query : url,
    headers: method === 'GET' ? {} : { 'content-type': 'application/x-www-form-urlencoded' },
    body: new TextEncoder().encode(method === 'GET' ? '' : form.value),
    receivedAt: stage.bank.now,
  })
}

/** A message, and those that wait for its answer: here every message is taken at once. */
const asReceived = <Settings, State>(
  stage: Stage<Settings, State>,
  { method, url, headers, body, afterMs, onceTaken = [] }: SentMessage,
): readonly WireMessage[] => [
  received(stage, { method, url, headers, body, receivedAt: stage.bank.now + afterMs }),
  ...onceTaken.flatMap((later) => asReceived(stage, { ...later, afterMs: afterMs + later.afterMs })),
]

/** An address under the attempt's own names the attempt. */
const received = <Settings, State>({ order }: Stage<Settings, State>, message: WireMessage): WireMessage =>
  message.url.includes(`/${order.attempt.id}/`) ? { ...message, attempt: order.attempt.id } : message
