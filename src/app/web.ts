import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { routePath } from 'hono/route'
import type { ListedChannel } from '../channels/channel.ts'
import { base32, type Random } from '../kernel/ids.ts'
import type { Clock } from '../kernel/time.ts'
import { type Directory, type Merchants, pictureAt } from '../merchants/index.ts'
import {
  type Hub,
  type ProblemDetail,
  type ProblemKind,
  payerRoutes,
  paymentsApi,
  pspRoutes,
  renderPage,
  signedOrderRoutes,
  type Tokens,
  themeAddress,
} from '../payments/index.ts'
import { sameBytes, sha256 } from '../platform/crypto/index.ts'
import { CommitUnknown, DatabaseAway, type Db } from '../platform/db/db.ts'
import type { Assets } from '../platform/html/index.ts'
import { themeCss } from '../platform/html/index.ts'
import { type Problem, problemResponse } from '../platform/http/problem.ts'
import type { Log } from '../platform/log.ts'
import type { Metrics } from '../platform/metrics.ts'
import { spokenLanguages } from '../platform/texts/index.ts'
import { type Config, networksOf } from './config.ts'
import type { ModuleName } from './modules.ts'
import { limitedByPeer } from './peers.ts'
import { referenceRoutes } from './reference/routes.ts'

export type WebParts = {
  readonly config: Pick<Config, 'mode' | 'publicUrl' | 'metricsToken' | 'trustedProxies'>
  readonly hub: Hub
  readonly tokens: Tokens
  readonly merchants: Merchants
  readonly channels: readonly ListedChannel[]
  readonly db: Db
  readonly assets: Assets
  readonly log: Log
  readonly metrics: Metrics
  readonly clock: Clock
  readonly random: Random
  readonly modules: readonly ModuleName[]
  /** It was asked to end: who looks at `/readyz` sends its requests to another. */
  readonly isLeaving: () => boolean
}

/** Largest body of any request; orders and banks' messages are a few kB. */
const MAX_BODY_BYTES = 64 * 1024
/** A node whose clock is further from the database's does not claim jobs and is not ready. */
const MAX_SKEW_MS = 2_000
const FOR_EVER = 'public, max-age=31536000, immutable'

type Env = { Variables: { requestId: string } }
type AnyStatus = 400 | 404 | 413 | 422 | 429 | 500 | 503

/** The whole hub as one function from request to response: mountable anywhere, testable without sockets. */
export const webOf = (parts: WebParts): Hono<Env> => {
  const app = new Hono<Env>()
  const showProblem = (c: Context, problem: ProblemKind, status: AnyStatus, more?: ProblemDetail) =>
    problemPage(parts, c, problem, status, more)
  app.use(numbered(parts))
  app.use(secured(parts.config))
  app.use(
    limitedByPeer({
      ...parts,
      trustedProxies: networksOf('EBIZNESS_TRUSTED_PROXIES', parts.config.trustedProxies),
      tooMany: (c, waitSeconds) => {
        const headers = { 'retry-after': String(waitSeconds) }
        if (isApi(c)) return problemResponse({ ...TOO_MANY, headers })
        c.header('retry-after', headers['retry-after'])
        return showProblem(c, 'too_many', 429)
      },
    }),
  )
  app.use(
    bodyLimit({
      maxSize: MAX_BODY_BYTES,
      onError: (c) => (isApi(c) ? problemResponse(TOO_LARGE) : showProblem(c, 'bad_request', 413)),
    }),
  )
  app.onError((fault, c) => faultResponse(parts, c, fault))
  app.notFound((c) => (isApi(c) ? problemResponse(NO_ROUTE) : showProblem(c, 'not_found', 404)))
  app.route('/', operations(parts))
  if (!parts.modules.includes('payments')) {
    app.all('*', (c) => c.text(`This process runs ${parts.modules.join(', ')} only, and serves nobody.\n`, 503))
    return app
  }
  app.route('/', files(parts))
  const api = paymentsApi(parts.hub, parts.tokens)
  app.route('/', referenceRoutes(api, parts))
  app.get('/.well-known/jwks.json', async (c) =>
    c.json(await parts.tokens.jwks(), 200, { 'cache-control': 'public, max-age=300' }),
  )
  app.route('/', api)
  app.route('/', pspRoutes(parts.hub, showProblem))
  app.route('/', signedOrderRoutes(parts.hub, showProblem))
  app.route('/', payerRoutes({ hub: parts.hub, tokens: parts.tokens, assets: parts.assets, showProblem }))
  return app
}

const isApi = (c: Context): boolean => c.req.path.startsWith('/v1/')

/** In groups, to be read out over the telephone; and so that no account number is seen in it when the log is masked. */
const quotable = (id: string): string => id.match(/.{1,4}/g)?.join('-') ?? id

/** Each request has a number to quote; what it took is measured by route, never by address. */
const numbered =
  ({ random, metrics, log }: WebParts) =>
  async (c: Context<Env>, next: () => Promise<void>) => {
    const id = quotable(base32(random(8)).toUpperCase())
    c.set('requestId', id)
    const begun = performance.now()
    await next()
    const tookMs = performance.now() - begun
    c.header('x-request-id', id)
    const labels = { method: c.req.method, route: routePath(c, -1), status: String(c.res.status) }
    metrics.observe('http_request_seconds', labels, tookMs / 1000)
    log.debug({ request: id, ...labels, tookMs: Math.round(tookMs) }, 'request')
  }

/**
 * Nothing from third parties, no inline code or style. Browsers apply `form-action` to redirects after a post too, and banks redirect
 * among hosts: so every https host; plain http only where test banks live.
 */
const secured = ({ mode }: WebParts['config']) => {
  const banks = mode === 'test' ? "'self' https: http://localhost:* http://127.0.0.1:*" : "'self' https:"
  const policy = `default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self'; form-action ${banks}; base-uri 'none'; frame-ancestors 'none'`
  return async (c: Context, next: () => Promise<void>) => {
    await next()
    // A merchant's picture brings a stricter one.
    if (!c.res.headers.has('content-security-policy')) c.header('content-security-policy', policy)
    c.header('referrer-policy', 'no-referrer')
    c.header('x-content-type-options', 'nosniff')
    c.header('x-frame-options', 'DENY')
    c.header('cross-origin-opener-policy', 'same-origin')
    if (mode === 'live') c.header('strict-transport-security', 'max-age=31536000')
  }
}

const operations = ({ config, db, metrics, isLeaving }: WebParts): Hono => {
  const app = new Hono()
  app.get('/', (c) =>
    c.text(
      `E-BIZness CMA, a payment hub. Payers come here from an e-service; its developers read ${config.publicUrl}/docs\n`,
    ),
  )
  app.get('/healthz', (c) => c.text('ok'))
  app.get('/readyz', async (c) => {
    if (isLeaving()) return c.text('this process is about to end; others take what comes', 503)
    const skewMs = await db.clockSkewMs()
    if (Math.abs(skewMs) <= MAX_SKEW_MS) return c.text('ready')
    return c.text(`the clock of this machine is ${Math.round(skewMs)} ms away from the database's; set it`, 503)
  })
  app.get('/metrics', async (c) => {
    const refusal = metricsRefusal(config, c.req.header('authorization'))
    if (refusal) return c.text(refusal, 401, { 'www-authenticate': 'Bearer' })
    const { type, text } = await metrics.page()
    return c.body(text, 200, { 'content-type': type })
  })
  return app
}

/**
 * Why the figures are not shown. In live mode nobody reads them without a token, not even from this machine: behind a proxy that runs
 * beside the hub every stranger connects from loopback, and not every proxy says for whom it asks.
 */
const metricsRefusal = (
  { mode, metricsToken }: WebParts['config'],
  brought: string | undefined,
): string | undefined => {
  if (metricsToken === undefined)
    return mode === 'test' ? undefined : 'set EBIZNESS_METRICS_TOKEN and bring it as a bearer token\n'
  const same = sameBytes(sha256(brought ?? ''), sha256(`Bearer ${metricsToken}`))
  return same ? undefined : 'bring the token of EBIZNESS_METRICS_TOKEN: Authorization: Bearer …\n'
}

/** Stylesheets, logos and the one script; addresses hold the hash of their content. */
const files = ({ assets, merchants, channels }: WebParts): Hono => {
  const app = new Hono()
  app.get('/assets/:file', (c) => {
    const file = assets.files.get(c.req.path)
    return file ? c.body(file.bytes, 200, { 'content-type': file.type, 'cache-control': FOR_EVER }) : c.notFound()
  })
  app.get('/look/*', async (c) => {
    const directory = await merchants.directory()
    const theme = themeAt(directory, c.req.path)
    if (theme !== undefined)
      return c.body(theme, 200, { 'content-type': 'text/css; charset=utf-8', 'cache-control': FOR_EVER })
    const picture = pictureAt(directory, channels, c.req.path)
    if (!picture) return c.notFound()
    return c.body(new Uint8Array(picture.bytes), 200, picture.headers)
  })
  return app
}

const themeAt = (directory: Directory, path: string): string | undefined => {
  for (const eService of directory.eServices.values()) {
    if (themeAddress(eService) === path) return themeCss(eService.look)
  }
  return undefined
}

// ------------------------------------------------------------------------------------------------------------------------ trouble

const TOO_LARGE = {
  status: 413,
  code: 'too_large',
  title: 'The body is too large',
  detail: `At most ${MAX_BODY_BYTES} bytes are taken.`,
}
const TOO_MANY: Problem = {
  status: 429,
  code: 'too_many_requests',
  title: 'Too many requests',
  detail: 'Wait as long as Retry-After says. This document changes with a release only: keep it.',
}
const NO_ROUTE = {
  status: 404,
  code: 'no_such_address',
  title: 'There is no such address',
  detail: 'The addresses of the API are in /v1/openapi.json, for people in /docs.',
}
const AWAY = {
  status: 503,
  code: 'unavailable',
  title: 'The hub cannot reach its database',
  detail: 'Nothing is lost. Repeat the request with the same Idempotency-Key in a moment.',
  headers: { 'retry-after': '2' },
}
const BUSY = { ...AWAY, title: 'The hub is too busy' }

/** Nobody reads it; it is what the metrics show. */
const CLIENT_GONE = 400

/** The one place where faults end: the caller sees a number, the log the rest. */
const faultResponse = (parts: WebParts, c: Context, fault: unknown): Response | Promise<Response> => {
  const away = fault instanceof DatabaseAway || fault instanceof CommitUnknown
  const request = c.get('requestId') ?? ''
  if (!away && c.req.raw.signal.aborted) {
    // In the middle of a body, as a rule. Anyone can do it as often as they like: it must not look like a fault of ours.
    parts.log.info({ request, fault }, 'who asked went away')
    return c.body(null, CLIENT_GONE)
  }
  // Without its stack: in an outage there are as many as requests.
  const cause = away && fault.cause instanceof Error ? fault.cause.message : undefined
  if (away) parts.log.warn({ request, route: routePath(c, -1), ...(cause ? { cause } : {}) }, fault.message)
  else parts.log.error({ request, fault }, 'a request failed')
  if (!isApi(c)) return problemPage(parts, c, away ? 'unavailable' : 'fault', away ? 503 : 500)
  if (away) return problemResponse(fault instanceof DatabaseAway && fault.isBusy ? BUSY : AWAY)
  const detail = `Quote ${request} when you ask about it. It is safe to repeat the request with the same Idempotency-Key.`
  return problemResponse({ status: 500, code: 'fault', title: 'Something went wrong in the hub', detail })
}

/** Drawn without the database. What it says of money is the careful thing: at a bank's address a payment may be under way. */
const problemPage = (parts: WebParts, c: Context, problem: ProblemKind, status: AnyStatus, more?: ProblemDetail) => {
  const asked = c.req.query('lang') ?? c.req.header('accept-language')?.slice(0, 2).toLowerCase()
  const language = asked && spokenLanguages.includes(asked) ? asked : (spokenLanguages[0] ?? 'en')
  const page = renderPage({
    page: 'problem',
    frame: { language, languages: [], assets: parts.assets, mode: parts.config.mode, quote: c.get('requestId') ?? '' },
    problem,
    money: /^\/(psp|pay)\//.test(c.req.path) && problem !== 'not_found' ? 'being_checked' : 'none_moved',
    ...more,
  })
  if (status === 503) c.header('retry-after', '2')
  return c.html(page, status, { 'cache-control': 'no-store' })
}
