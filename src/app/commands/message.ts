import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import type { Agreement, Channel, Heard, Order, Reading, Step, WireMessage } from '../../channels/channel.ts'
import { channels } from '../../channels/index.ts'
import { type Instant, parseInstant, systemClock, toRfc3339 } from '../../kernel/time.ts'
import { readSettingsFile, showProblem } from '../../merchants/index.ts'
import { fieldMessage } from '../../platform/http/field-message.ts'
import { channelOf } from './channels.ts'
import { badInput, EXIT, type Exit, print, printJson, readGiven } from './output.ts'

/** Support staff's magnifying glass: reads one message of a bank, or makes one for it, with the bank's settings and no database. */

const Time = z.string().transform((text, context): Instant => {
  const instant = parseInstant(text)
  if (instant !== undefined) return instant
  context.addIssue({ code: 'custom', message: 'must be an RFC 3339 time, e.g. 2026-11-23T08:00:00Z' })
  return z.NEVER
})

const MessageFile = z
  .strictObject({
    method: z.string(),
    url: z.url(),
    headers: z.record(z.string(), z.string()).default({}),
    body: z.string().optional(),
    bodyBase64: z.base64().optional(),
    receivedAt: Time.optional(),
  })
  .refine((file) => file.body === undefined || file.bodyBase64 === undefined, 'give body or bodyBase64, not both')

const OrderFile = z.strictObject({
  number: z.string().regex(/^\d{1,10}$/, 'must be at most 10 digits'),
  amount: z.int().positive(),
  currency: z.string().regex(/^[A-Z]{3}$/),
  description: z.string(),
  reference: z.string(),
  paymentReference: z.string().nullish(),
  payee: z.strictObject({ iban: z.string(), name: z.string() }),
  language: z.string().default('lv'),
  offer: z.string().optional(),
  addresses: z.strictObject({ back: z.url(), notice: z.url() }),
})

const readJson = async <Value>(file: string, schema: z.ZodType<Value>): Promise<Value> => {
  const text = await readGiven(file)
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (cause) {
    throw badInput(`${file}: not well-formed JSON: ${cause instanceof Error ? cause.message : ''}`)
  }
  const parsed = schema.safeParse(json, { error: fieldMessage })
  if (parsed.success) return parsed.data
  throw badInput(
    parsed.error.issues.map(({ path, message }) =>
      [file, ...(path.length > 0 ? [path.join('.')] : []), message].join(': '),
    ),
  )
}

const channelNamed = (id: string | undefined): Channel => {
  if (id !== undefined) return channelOf(id)
  throw badInput(`name the channel with --channel: ${channels.map(({ channel }) => channel.id).join(', ')}`)
}

const agreementOf = async (file: string, channel: Channel, now: Instant): Promise<Agreement<unknown>> => {
  const text = await readGiven(file)
  const agreement = await readSettingsFile(file, text, channel)
  if (!agreement.ok) throw badInput(agreement.error.map(showProblem))
  return agreement.value({ now, nonce: randomBytes(16).toString('hex') })
}

export type ReadOptions = {
  readonly channel?: string
  readonly settings: string
  readonly message: string
  readonly json?: boolean
}

/** The channel may be left out where the message's address names it (`/psp/<channel>/…`). */
export const readMessage = async (options: ReadOptions): Promise<Exit> => {
  const file = await readJson(options.message, MessageFile)
  const channel = channelNamed(options.channel ?? /\/psp\/([\w-]+)\//.exec(file.url)?.[1])
  const { receivedAt } = file
  const agreement = await agreementOf(options.settings, channel, receivedAt ?? systemClock.now())
  const body = file.bodyBase64 === undefined ? Buffer.from(file.body ?? '') : Buffer.from(file.bodyBase64, 'base64')
  const headers = Object.fromEntries(Object.entries(file.headers).map(([name, value]) => [name.toLowerCase(), value]))
  const message: WireMessage = {
    method: file.method,
    url: file.url,
    headers,
    body: new Uint8Array(body),
    ...(receivedAt === undefined ? {} : { receivedAt }),
  }
  const heard = await channel.read(message, agreement)
  const shown = showHeard(heard, receivedAt === undefined)
  if (options.json) printJson(shown)
  else print(inWords(shown))
  return shown.trusted ? EXIT.done : EXIT.no
}

type ShownHeard =
  | { readonly trusted: false; readonly rule: string; readonly detail: string }
  | {
      readonly trusted: true
      readonly carrier: Heard['carrier']
      readonly readings: readonly Readonly<Record<string, unknown>>[]
      readonly answer: { readonly status: number; readonly body: string }
      readonly notChecked?: string
    }

const showHeard = (heard: Heard, noTime: boolean): ShownHeard => {
  const untrusted = heard.readings.find((reading) => reading.says === 'untrusted')
  if (untrusted?.says === 'untrusted') return { trusted: false, rule: untrusted.rule, detail: untrusted.detail }
  const { status, body } = heard.answer ?? { status: 200, body: '' }
  return {
    trusted: true,
    carrier: heard.carrier,
    readings: heard.readings.map(showReading),
    answer: { status, body },
    ...(noTime ? { notChecked: 'windows of time: the file has no receivedAt' } : {}),
  }
}

const showReading = ({ about, states, payer, ...rest }: Reading): Readonly<Record<string, unknown>> => {
  const { amount, at, ...others } = states ?? {}
  const money =
    typeof amount === 'object' ? { amount: amount.amountMinor, currency: amount.currency } : amount ? { amount } : {}
  return {
    about,
    ...rest,
    ...(states ? { states: { ...money, ...others, ...(at === undefined ? {} : { at: toRfc3339(at) }) } } : {}),
    ...(payer ? { payer } : {}),
  }
}

const inWords = (shown: ShownHeard): string => {
  if (!shown.trusted) return `not trusted – ${shown.rule}: ${shown.detail}`
  const lines = shown.readings.map((reading) => JSON.stringify(reading))
  return [
    `trusted, carried by the ${shown.carrier}`,
    ...lines,
    ...(shown.notChecked ? [`not checked: ${shown.notChecked}`] : []),
  ].join('\n')
}

export type BeginOptions = {
  readonly channel?: string
  readonly settings: string
  readonly order: string
  /** RFC 3339; the present when absent. */
  readonly at?: string
  readonly json?: boolean
}

export const beginMessage = async (options: BeginOptions): Promise<Exit> => {
  const channel = channelNamed(options.channel)
  const now = options.at === undefined ? systemClock.now() : parseInstant(options.at)
  if (now === undefined) throw badInput(`--at ${options.at}: must be an RFC 3339 time`)
  const file = await readJson(options.order, OrderFile)
  const agreement = await agreementOf(options.settings, channel, now)
  const order: Order = {
    attempt: { id: 'att_example', number: file.number },
    amount: { amountMinor: file.amount, currency: file.currency },
    payee: file.payee,
    reference: file.reference,
    ...(file.paymentReference ? { paymentReference: file.paymentReference } : {}),
    description: file.description,
    language: file.language,
    ...(file.offer ? { offer: file.offer } : {}),
    addresses: file.addresses,
  }
  const step = await channel.begin(order, agreement).catch((fault: unknown) => {
    throw badInput(`the order cannot be sent: ${fault instanceof Error ? fault.message : String(fault)}`)
  })
  const shown = showStep(step)
  if (options.json) printJson(shown)
  else
    print(
      Object.entries(shown)
        .map(([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
        .join('\n'),
    )
  return EXIT.done
}

const showStep = (step: Step): Readonly<Record<string, unknown>> => {
  if (step.step === 'form') {
    const { keep: _keep, ...shown } = step
    return shown
  }
  if (step.step !== 'call') return step
  const { body, ...message } = step.message
  return {
    step: step.step,
    repeatable: step.repeatable,
    message: { ...message, ...(body ? { body: Buffer.from(body).toString('utf8') } : {}) },
  }
}
