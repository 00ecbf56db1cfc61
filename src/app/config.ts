import { z } from 'zod'
import { fail, ok, type Result } from '../kernel/result.ts'
import { SECOND_MS } from '../kernel/time.ts'
import { parseMasterKeys } from '../platform/crypto/index.ts'
import { type Network, parseNetwork } from '../platform/http/addresses.ts'
import { faultOfPublicUrl } from '../platform/http/prefix.ts'
import type { LogLevel } from '../platform/log.ts'

/** The environment, read once into one frozen value. Nothing else reads it. */
export type Config = {
  readonly mode: 'test' | 'live'
  /** Undefined: the embedded PostgreSQL. */
  readonly databaseUrl: string | undefined
  readonly dataDir: string
  /** Without a slash at the end; with a path when the hub shares its host. */
  readonly publicUrl: string
  readonly port: number
  readonly masterKey: string | undefined
  readonly logLevel: LogLevel
  /** CIDR networks that outbound calls may reach although they are private. */
  readonly allowedNetworks: readonly string[]
  /** CIDR networks of the proxies in front, whose `X-Forwarded-For` is believed. */
  readonly trustedProxies: readonly string[]
  /** The mail server, with its password. */
  readonly smtpUrl: string | undefined
  /** The sender's bare address. */
  readonly mailFrom: string
  /** What Prometheus brings to read `/metrics`. */
  readonly metricsToken: string | undefined
  /** Where traces are sent, OpenTelemetry's own name for it; `/v1/traces` is added. */
  readonly tracesTo: string | undefined
  /** In test mode: the simulated banks whose clock this hub goes by, without a slash at the end. */
  readonly testClock: string | undefined
  /** Connections to the database per process. */
  readonly poolSize: number
  /** How long `start` still takes requests once it is asked to stop and says that it is not ready. */
  readonly drainMs: number
}

/** Separated by commas. */
const listed = (text: string): readonly string[] =>
  text
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '')

const Port = z.coerce.number().int().min(0).max(65535)

const PublicUrl = z
  .url({ protocol: /^https?$/, error: 'must be an http(s) address', abort: true })
  .superRefine((text, context) => {
    const message = faultOfPublicUrl(text)
    if (message !== undefined) context.addIssue({ code: 'custom', message })
  })

/** What would keep every letter from being sent is said before the first one. Never quotes the password. */
const faultOfMailServer = ({ hostname, username, password }: URL): string | undefined => {
  if (hostname === '') return 'must name the mail server, e.g. smtps://user:password@mail.example'
  try {
    decodeURIComponent(username)
    decodeURIComponent(password)
    return undefined
  } catch {
    return 'a % in its user name or password must be written as %25'
  }
}

/** Longer than any proxy looks away; who mistypes it waits no hour for a process to end. */
const MAX_DRAIN_SECONDS = 300

const Environment = z.object({
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'must begin with postgres://')
    .optional(),
  EBIZNESS_DATA_DIR: z.string().min(1).default('./.ebizness'),
  EBIZNESS_PUBLIC_URL: PublicUrl.optional(),
  PORT: Port.default(8080),
  EBIZNESS_MODE: z.enum(['test', 'live']).optional(),
  EBIZNESS_MASTER_KEY: z
    .string()
    .superRefine((text, context) => {
      const keys = parseMasterKeys(text)
      if (!keys.ok) context.addIssue({ code: 'custom', message: keys.error })
    })
    .optional(),
  EBIZNESS_LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
  EBIZNESS_ALLOWED_NETWORKS: z.string().default(''),
  EBIZNESS_TRUSTED_PROXIES: z
    .string()
    .default('')
    .superRefine((text, context) => {
      for (const network of listed(text).map(parseNetwork))
        if (!network.ok) context.addIssue({ code: 'custom', message: network.error })
    }),
  EBIZNESS_SMTP_URL: z
    .url({ protocol: /^smtps?$/, error: 'must be smtps://user:password@host or smtp://host:587', abort: true })
    .superRefine((text, context) => {
      const message = faultOfMailServer(new URL(text))
      if (message !== undefined) context.addIssue({ code: 'custom', message })
    })
    .optional(),
  EBIZNESS_MAIL_FROM: z.email('must be a bare address such as no-reply@pay.example').optional(),
  EBIZNESS_METRICS_TOKEN: z
    .string()
    .regex(/^[\w.~+/=-]{32,256}$/, 'must be 32 to 256 letters, digits or . _ ~ + / = -: openssl rand -hex 32')
    .optional(),
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url({ protocol: /^https?$/, error: 'must be an http(s) address' }).optional(),
  EBIZNESS_TEST_CLOCK: z
    .url({ protocol: /^https?$/, error: 'must be the address of the simulated banks, e.g. http://localhost:8081' })
    .optional(),
  EBIZNESS_DATABASE_CONNECTIONS: z.coerce.number().int().min(2).max(500).default(20),
  EBIZNESS_DRAIN_SECONDS: z.coerce.number().int().min(0).max(MAX_DRAIN_SECONDS).default(0),
})

/** Errors: one sentence for each variable that is wrong. Empty variables count as absent. */
export const readConfig = (
  environment: Readonly<Record<string, string | undefined>>,
  defaultMode: Config['mode'],
): Result<Config, readonly string[]> => {
  const given = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
  )
  const parsed = Environment.safeParse(given)
  if (!parsed.success) return fail(parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`))
  const env = parsed.data
  const mode = env.EBIZNESS_MODE ?? defaultMode
  if (env.EBIZNESS_SMTP_URL !== undefined && env.EBIZNESS_MAIL_FROM === undefined)
    return fail(['EBIZNESS_MAIL_FROM: required with EBIZNESS_SMTP_URL: the address that letters are sent from'])
  if (mode === 'live') {
    const missing = [
      ...(env.EBIZNESS_TEST_CLOCK === undefined ? [] : ['EBIZNESS_TEST_CLOCK: exists in test mode only: unset it']),
      ...(env.EBIZNESS_MASTER_KEY ? [] : ['EBIZNESS_MASTER_KEY: required in live mode: 32 random bytes in base64']),
      ...(env.EBIZNESS_PUBLIC_URL?.startsWith('https:')
        ? []
        : ['EBIZNESS_PUBLIC_URL: required in live mode: the https address at which payers and banks reach the hub']),
    ]
    if (missing.length > 0) return fail(missing)
  }
  return ok(
    Object.freeze({
      mode,
      databaseUrl: env.DATABASE_URL,
      dataDir: env.EBIZNESS_DATA_DIR,
      publicUrl: (env.EBIZNESS_PUBLIC_URL ?? `http://localhost:${env.PORT}`).replace(/\/+$/, ''),
      port: env.PORT,
      masterKey: env.EBIZNESS_MASTER_KEY,
      logLevel: env.EBIZNESS_LOG_LEVEL,
      allowedNetworks: listed(env.EBIZNESS_ALLOWED_NETWORKS),
      trustedProxies: listed(env.EBIZNESS_TRUSTED_PROXIES),
      smtpUrl: env.EBIZNESS_SMTP_URL,
      mailFrom: env.EBIZNESS_MAIL_FROM ?? 'no-reply@localhost',
      metricsToken: env.EBIZNESS_METRICS_TOKEN,
      tracesTo: env.OTEL_EXPORTER_OTLP_ENDPOINT,
      testClock: env.EBIZNESS_TEST_CLOCK?.replace(/\/+$/, ''),
      poolSize: env.EBIZNESS_DATABASE_CONNECTIONS,
      drainMs: env.EBIZNESS_DRAIN_SECONDS * SECOND_MS,
    }),
  )
}

/** As `parseNetwork` reads them; throws for what `readConfig` would have refused. */
export const networksOf = (name: string, texts: readonly string[]): readonly Network[] =>
  texts.map((text) => {
    const network = parseNetwork(text)
    if (!network.ok) throw new Error(`${name}: ${network.error}`)
    return network.value
  })
