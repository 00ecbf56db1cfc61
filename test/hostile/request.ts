import { Pool } from 'undici'

/** One request as it is sent, to the byte. */
export type Sent = {
  readonly method: string
  /** Path and query, as they stand in the request line. */
  readonly target: string
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body?: Uint8Array
}

export type Got = {
  readonly status: number
  readonly type: string
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly body: Buffer
}

/** The hub's database breaks a statement off after this (`platform/db/postgres.ts`), and nothing here waits for a bank: what takes longer hangs. */
const HANGS_AFTER_MS = 10_000

export type Wire = {
  send(request: Sent): Promise<Got>
  /** What any answer took, at most. */
  slowestMs(): number
  close(): Promise<void>
}

/** Kept connections over real sockets. Throws when there is no answer in time. */
export const openWire = (root: string, lanes: number): Wire => {
  let slowestMs = 0
  const pool = new Pool(root, { connections: lanes, headersTimeout: HANGS_AFTER_MS, bodyTimeout: HANGS_AFTER_MS })
  return {
    send: async ({ method, target, headers, body }) => {
      const begun = performance.now()
      const answer = await pool.request({ method, path: target, headers: headers.flat(), ...(body ? { body } : {}) })
      const bytes = Buffer.from(await answer.body.arrayBuffer())
      slowestMs = Math.max(slowestMs, performance.now() - begun)
      const type = String(answer.headers['content-type'] ?? '')
      return { status: answer.statusCode, type, headers: answer.headers, body: bytes }
    },
    slowestMs: () => slowestMs,
    close: () => pool.close(),
  }
}

/** The same request by hand, for whoever looks into it. */
export const asCurl = (root: string, { method, target, headers, body }: Sent): string => {
  const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`
  const piped = body ? `printf %s ${Buffer.from(body).toString('base64')} | base64 -d | ` : ''
  const given = headers.map(([name, value]) => ` -H ${quoted(`${name}${value === '' ? ';' : `: ${value}`}`)}`).join('')
  return `${piped}curl -i --path-as-is --globoff -X ${method}${given}${body ? ' --data-binary @-' : ''} ${quoted(root + target)}`
}
