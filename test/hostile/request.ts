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

/** Longer than the hub takes for anything; a request that takes longer hangs. */
const HANGS_AFTER_MS = 20_000

export type Wire = { send(request: Sent): Promise<Got>; close(): Promise<void> }

/** Kept connections over real sockets. Throws when there is no answer in time. */
export const openWire = (root: string, lanes: number): Wire => {
  const pool = new Pool(root, { connections: lanes, headersTimeout: HANGS_AFTER_MS, bodyTimeout: HANGS_AFTER_MS })
  return {
    send: async ({ method, target, headers, body }) => {
      const answer = await pool.request({ method, path: target, headers: headers.flat(), ...(body ? { body } : {}) })
      const bytes = Buffer.from(await answer.body.arrayBuffer())
      const type = String(answer.headers['content-type'] ?? '')
      return { status: answer.statusCode, type, headers: answer.headers, body: bytes }
    },
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
