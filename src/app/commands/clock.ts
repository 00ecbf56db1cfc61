import { z } from 'zod'
import { DAY_MS, HOUR_MS, MINUTE_MS, parseDuration, SECOND_MS } from '../../kernel/time.ts'
import { openClient } from '../../platform/http/client.ts'
import { badInput, Ending, EXIT, type Exit, print, printJson, table } from './output.ts'

/** Commands that talk to the clock of a running world of simulated banks, as its page does. */

type Options = { readonly world: string; readonly json?: boolean }

export const showClock = async (options: Options): Promise<Exit> =>
  show(await call(options.world, 'GET', '/api/clock'), options)

export const advanceClock = async (duration: string, options: Options): Promise<Exit> => {
  const wanted = duration === 'next' ? { to: 'next' } : { ms: readSpan(duration) }
  return show(await call(options.world, 'POST', '/api/clock/advance', wanted), options)
}

const UNITS: Readonly<Record<string, number>> = { s: SECOND_MS, m: MINUTE_MS, h: HOUR_MS, d: DAY_MS }

/** ISO 8601, or a number with its unit as people type it. */
const readSpan = (text: string): number => {
  const [, count = '', unit = ''] = /^(\d{1,8})([smhd])$/.exec(text) ?? []
  const ms = parseDuration(text) ?? Number(count) * (UNITS[unit] ?? 0)
  if (ms > 0) return ms
  throw badInput(`"${text}" is no time to move ahead by: give PT1H or P1DT12H, also 90s, 15m, 1h, 2d, or "next"`)
}

const Shown = z.object({
  now: z.string(),
  aheadMs: z.number(),
  due: z.array(z.object({ at: z.string(), what: z.string(), about: z.string() })),
})
const Refused = z.object({ error: z.string(), detail: z.string() })

const show = (shown: z.infer<typeof Shown>, { json }: Options): Exit => {
  if (json) printJson(shown)
  else {
    print(`${shown.now}, ${Math.round(shown.aheadMs / SECOND_MS)} s ahead of this machine`)
    const rows = shown.due.map(({ at, what, about }) => [at, what, about])
    print(rows.length === 0 ? 'Nothing waits for its time.' : `\n${table(['NEXT', '', ''], rows)}`)
  }
  return EXIT.done
}

/** A long way with many stops takes its time: each stop is a turn of the hub. */
const TIMEOUT_MS = 10 * MINUTE_MS
const MAX_BYTES = 1_048_576

const call = async (world: string, method: 'GET' | 'POST', path: string, body?: unknown) => {
  const root = z.url({ protocol: /^https?$/ }).safeParse(world)
  if (!root.success) throw badInput(`--world ${world}: must be an address, e.g. http://localhost:8081`)
  const client = openClient({ policy: { testMode: true, allowedNetworks: [] } })
  try {
    const sent = await client.send({
      method,
      url: root.data.replace(/\/+$/, '') + path,
      headers: { accept: 'application/json', 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      timeoutMs: TIMEOUT_MS,
      maxBytes: MAX_BYTES,
    })
    if (sent.kind !== 'answered') throw new Ending(EXIT.away, `${nobodyAt(world)} (${sent.why})`)
    return answerOf(world, sent.reply.status, jsonOf(sent.reply.body))
  } finally {
    await client.close()
  }
}

const nobodyAt = (world: string): string =>
  `no simulated banks answer at ${world}: start "ebizness demo" or "ebizness sandbox", or say with --world where they listen`

const answerOf = (world: string, status: number, answer: unknown): z.infer<typeof Shown> => {
  const shown = Shown.safeParse(answer).data
  if (status === 200 && shown) return shown
  const refused = Refused.safeParse(answer).data
  if (status === 409 && refused) throw new Ending(EXIT.no, refused.detail)
  if (status === 422 && refused) throw badInput(refused.detail)
  throw new Ending(EXIT.away, `${nobodyAt(world)} (HTTP ${status})`)
}

const jsonOf = (body: Uint8Array): unknown => {
  try {
    return JSON.parse(new TextDecoder().decode(body))
  } catch {
    return undefined
  }
}
