import { readFileSync } from 'node:fs'
import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import type { Setup, Simulator, SimulatorAnswer } from '../channels/simulator.ts'
import type { Random } from '../kernel/ids.ts'
import { inLanguage, type Language } from '../kernel/language.ts'
import type { Html } from '../platform/html/index.ts'
import { type ApiMeans, addApi, isChoice } from './api.ts'
import { MAX_STEP_MS, type MovingClock } from './clock.ts'
import { advanceToNext, DUE_TOLD } from './clock-api.ts'
import { openFollowers } from './followers.ts'
import type { WorldKeys } from './keys.ts'
import { openOutbox, type Send, type SentRecord } from './outbox.ts'
import { carryPage, clockPage, type ListedOrder, listPage, orderPage, sentencePage, type View } from './pages.ts'
import { serveOnLoopback } from './serve.ts'
import { openTeller, type Teller } from './teller.ts'
import { worldTexts } from './texts.ts'

export type WorldOptions = {
  /** 0: any free one. */
  readonly port: number
  readonly simulators: readonly Simulator[]
  /** What each bank was told of its agreements, by channel, once the world's own address is known. A bank without any still runs. */
  readonly setups: (root: string) => Readonly<Record<string, Setup>>
  readonly keys: WorldKeys
  readonly clock: MovingClock
  readonly random: Random
  readonly send: Send
  readonly log: (event: string, fields: Readonly<Record<string, unknown>>) => void
}

/** All simulated banks in one process part, on an origin of their own. Everything is in memory. */
export type World = {
  readonly root: string
  readonly port: number
  orders(): readonly ListedOrder[]
  choose(channel: string, order: string, choice: string): Promise<SimulatorAnswer>
  /** What the banks sent, newest first. */
  sent(): readonly SentRecord[]
  /** Moves banks and hub together, see `MovingClock.advance`. */
  advance(ms: number): Promise<void>
  stop(): Promise<void>
}

/** Starts listening; throws what `listen` throws. */
export const startWorld = async (options: WorldOptions): Promise<World> => {
  const { clock } = options
  const outbox = openOutbox(clock, options.send)
  const followers = openFollowers(clock)
  clock.onMove(followers)
  let means: ApiMeans = { tellers: [], orders: () => [], choose: async () => silence, outbox, clock, followers }
  const served = await serveOnLoopback(options.port, (root) => {
    means = openBanks(options, root, outbox, followers)
    return worldApp(means, root, options.log).fetch
  })
  options.log('sandbox.listening', { root: served.root, channels: means.tellers.map((teller) => teller.channel) })
  return {
    root: served.root,
    port: served.port,
    orders: () => means.orders(),
    choose: (channel, order, choice) => means.choose(channel, order, choice),
    sent: () => outbox.sent(),
    advance: (ms) => clock.advance(ms),
    stop: () => served.close(),
  }
}

const silence: SimulatorAnswer = { kind: 'silence' }

const openBanks = (
  options: WorldOptions,
  root: string,
  outbox: ApiMeans['outbox'],
  followers: ApiMeans['followers'],
): ApiMeans => {
  const { clock, keys, random } = options
  const setups = options.setups(root)
  const decided = new Map<string, string>()
  const tellers = options.simulators.map((simulator) => {
    const own = `${root}/${simulator.channel}`
    const setup = setups[simulator.channel] ?? { agreements: [] }
    return openTeller(simulator, setup, { clock, keys, random, outbox, root: own })
  })
  return {
    tellers,
    outbox,
    clock,
    followers,
    orders: () => tellers.flatMap((teller) => listed(teller, decided)).sort((a, b) => b.madeAt - a.madeAt),
    choose: async (channel, order, choice) => {
      const teller = tellers.find((one) => one.channel === channel)
      if (!teller) return { kind: 'sentence', status: 404, text: notFound }
      const answer = await teller.choose(order, choice)
      const refused = answer.kind === 'sentence' && answer.status >= 400
      const key = `${channel}/${order}`
      if (!refused && !decided.has(key)) decided.set(key, choice)
      return answer
    },
  }
}

const listed = (teller: Teller, decided: ReadonlyMap<string, string>): readonly ListedOrder[] =>
  teller.orders().map((order) => {
    const id = decided.get(`${teller.channel}/${order.id}`)
    const choice = teller.choices.find((one) => one.id === id)
    return { ...order, channel: teller.channel, ...(choice ? { decided: choice } : {}) }
  })

const notFound = { lv: worldTexts.lv.notFound, en: worldTexts.en.notFound }

// ------------------------------------------------------------------------------------------------------------------------ pages

/** Forms lead to the hub, whose address is the operator's; nothing else may be loaded from anywhere. */
const CSP =
  "default-src 'none'; style-src 'self'; script-src 'self'; img-src data:; form-action 'self' http: https:; base-uri 'none'; frame-ancestors 'none'"
const HEADERS = {
  'content-security-policy': CSP,
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
}

/** Larger than any bank's message. */
const MAX_BODY_BYTES = 1_048_576

const CSS = readFileSync(new URL('./world.css', import.meta.url), 'utf8')
const SCRIPT = "document.getElementById('carry').submit()\n"

const worldApp = (means: ApiMeans, root: string, log: WorldOptions['log']): Hono => {
  const app = new Hono()
  app.use(bodyLimit({ maxSize: MAX_BODY_BYTES }))
  app.onError((error, context) => {
    log('sandbox.fault', { path: context.req.path, error: String(error) })
    return context.text('The simulated bank broke down; its log says why.', 500)
  })
  app.get('/assets/world.css', () => asset(CSS, 'text/css; charset=utf-8'))
  app.get('/assets/carry.js', () => asset(SCRIPT, 'text/javascript; charset=utf-8'))
  addApi(app, means)
  app.get('/', async (context) => {
    const view = await timedView(context, means.clock)
    return shown(listPage(view, means.orders(), means.outbox.sent().slice(0, SENT_SHOWN)))
  })
  app.get('/clock', async (context) => shown(clockPage(await timedView(context, means.clock), undefined)))
  app.post('/clock', (context) => moveClock(context, means.clock))
  app.get('/orders/:channel/:order', (context) => {
    const { channel, order } = context.req.param()
    return orderView(context, means, channel, order, 200)
  })
  app.post('/orders/:channel/:order/choose', async (context) => {
    const { channel, order } = context.req.param()
    const { choice } = await context.req.parseBody()
    if (typeof choice !== 'string' || !isChoice(means, channel, choice)) {
      return orderView(context, means, channel, order, 422)
    }
    return answered(context, means, channel, await means.choose(channel, order, choice))
  })
  for (const teller of means.tellers) {
    app.all(`/${teller.channel}/*`, (context) => atBank(context, means, teller, root))
    app.all(`/${teller.channel}`, (context) => atBank(context, means, teller, root))
  }
  app.notFound((context) => {
    const view = viewOf(context, means.clock)
    return shown(sentencePage(view, inLanguage(notFound, view.language)), 404)
  })
  return app
}

const SENT_SHOWN = 20

const asset = (text: string, type: string): Response =>
  new Response(text, { headers: { ...HEADERS, 'content-type': type, 'cache-control': 'max-age=3600' } })

const shown = (page: Html, status = 200): Response =>
  new Response(page.toString(), {
    status,
    headers: { ...HEADERS, 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' },
  })

/** In the language asked for, else the one that the order states, else the browser's. */
const viewOf = (context: Context, clock: MovingClock, stated?: Language): View => {
  const asked = context.req.query('lang') ?? stated ?? context.req.header('accept-language') ?? ''
  return { language: asked.startsWith('lv') ? 'lv' : 'en', here: context.req.path, now: clock.now() }
}

const timedView = async (context: Context, clock: MovingClock) => ({
  ...viewOf(context, clock),
  due: (await clock.due()).slice(0, DUE_TOLD),
})

const moveClock = async (context: Context, clock: MovingClock): Promise<Response> => {
  const { ms, to } = await context.req.parseBody()
  const problem = to === 'next' ? await moveToNext(clock) : await moveBy(clock, Number(ms))
  const view = await timedView(context, clock)
  return problem === undefined
    ? context.redirect(`/clock?lang=${view.language}`, 303)
    : shown(clockPage(view, worldTexts[view.language][problem]), 422)
}

const moveToNext = async (clock: MovingClock) => ((await advanceToNext(clock)) ? undefined : 'nothingToReach')

const moveBy = async (clock: MovingClock, ms: number) => {
  if (!Number.isSafeInteger(ms) || ms <= 0 || ms > MAX_STEP_MS) return 'badMove'
  await clock.advance(ms)
  return undefined
}

const atBank = async (context: Context, means: ApiMeans, teller: Teller, root: string): Promise<Response> => {
  const { method, url } = context.req
  const { pathname, search } = new URL(url)
  const answer = await teller.request({
    method,
    url: root + pathname + search,
    headers: Object.fromEntries(context.req.raw.headers),
    body: new Uint8Array(await context.req.arrayBuffer()),
    receivedAt: means.clock.now(),
    path: pathname.slice(teller.channel.length + 1),
  })
  return answered(context, means, teller.channel, answer)
}

const orderView = (context: Context, means: ApiMeans, channel: string, id: string, status: number): Response => {
  const order = means.orders().find((one) => one.channel === channel && one.id === id)
  const view = { ...viewOf(context, means.clock, order?.language), here: `/orders/${channel}/${id}` }
  if (!order) return shown(sentencePage(view, inLanguage(notFound, view.language)), 404)
  const choices = means.tellers.find((teller) => teller.channel === channel)?.choices ?? []
  return shown(orderPage(view, order, choices, means.outbox.sent()), status)
}

/** Gives the bank's answer to whoever asked: the payer's browser or the hub's server. */
const answered = async (
  context: Context,
  means: ApiMeans,
  channel: string,
  answer: SimulatorAnswer,
): Promise<Response> => {
  const stated = answer.kind === 'sentence' ? answer.language : undefined
  const view = { ...viewOf(context, means.clock, stated), here: '/' }
  switch (answer.kind) {
    case 'answer':
      if (answer.afterMs !== undefined) await passing(means.clock, answer.afterMs)
      return new Response(answer.body, { status: answer.status, headers: { ...answer.headers } })
    case 'page':
      return orderView(context, means, channel, answer.order, 200)
    case 'sentence':
      return shown(sentencePage(view, inLanguage(answer.text, view.language)), answer.status)
    case 'carry':
      return answer.method === 'GET' && answer.fields.length === 0
        ? context.redirect(answer.url, 303)
        : shown(carryPage(view, answer))
    case 'silence':
      return until(context.req.raw.signal)
  }
}

const passing = (clock: MovingClock, ms: number): Promise<void> =>
  new Promise((resolve) => clock.at(clock.now() + ms, async () => resolve()))

/** Says nothing until the caller has given up; nobody reads this answer. */
const until = (gone: AbortSignal): Promise<Response> =>
  new Promise((resolve) => gone.addEventListener('abort', () => resolve(new Response(null, { status: 503 }))))
