import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { z } from 'zod'
import { parseInstant, systemClock } from '../../src/kernel/time.ts'
import { checkSignature } from '../../src/sdk/signature.ts'
import type { Ledger } from './ledger.ts'

/** The e-service's own side: checks every notice, acknowledges it, and keeps what it acknowledged. */
export type Receiver = {
  readonly root: string
  /** Events whose notice was acknowledged, by id, with the payment as the notice told it. */
  readonly heard: ReadonlyMap<string, HeardEvent>
  readonly repeated: { count: number }
  readonly longestWaitMs: { ms: number }
  /** The keys that `ebizness keys notices` printed. Until they are known nothing is acknowledged. */
  expect(keys: readonly string[]): void
  stop(): Promise<void>
}

export type HeardEvent = {
  readonly payment: string
  readonly sequence: number
  readonly body: string
  readonly view: unknown
}

const Notice = z.object({
  timestamp: z.string(),
  sequence: z.int(),
  data: z.object({ eService: z.string(), payment: z.looseObject({ id: z.string() }) }),
})

/**
 * What the e-service does with a notice that comes first: one that is just starting refuses it, one that dies takes it and gives no answer.
 * Both must be sent it again.
 */
export type Taking = 'answers' | 'refuses' | 'takes_and_dies'

/** Every notice is answered unless told. */
export const startReceiver = async (ledger: Ledger, taking: () => Taking = () => 'answers'): Promise<Receiver> => {
  const came = new Map<string, string | undefined>()
  const heard = new Map<string, HeardEvent>()
  const newest = new Map<string, number>()
  const repeated = { count: 0 }
  const longestWaitMs = { ms: 0 }
  let keys: readonly string[] = []

  const hear = (id: string, text: string): void => {
    const { sequence, timestamp, data } = Notice.parse(JSON.parse(text))
    const payment = data.payment.id
    const former = came.get(id)
    if (former !== undefined) {
      repeated.count++
      if (former !== text) ledger.breaches.push(`${id} came again with another body`)
    }
    came.set(id, text)
    if (heard.has(id)) return
    heard.set(id, { payment, sequence, body: text, view: data.payment })
    longestWaitMs.ms = Math.max(longestWaitMs.ms, systemClock.now() - (parseInstant(timestamp) ?? 0))
    const before = newest.get(payment) ?? 0
    if (sequence !== before + 1)
      ledger.breaches.push(`${payment}: event ${sequence} was first acknowledged after ${before}`)
    newest.set(payment, Math.max(sequence, before))
  }

  const take = (request: IncomingMessage, body: Uint8Array, response: ServerResponse): void => {
    const header = (name: string): string | undefined => request.headers[name]?.toString()
    const id = header('webhook-id') ?? ''
    const isFirst = id !== '' && !came.has(id)
    const took = isFirst ? taking() : 'answers'
    if (took === 'refuses') {
      came.set(id, undefined)
      response.writeHead(503).end()
      return
    }
    const fault = checkSignature(
      { id, timestamp: header('webhook-timestamp'), signature: header('webhook-signature'), body },
      keys,
      systemClock.now(),
    )
    const text = new TextDecoder().decode(body)
    if (fault === undefined && took === 'takes_and_dies') {
      came.set(id, text)
      response.destroy()
      return
    }
    if (fault === undefined) hear(id, text)
    else ledger.breaches.push(`a notice does not verify: ${fault}`)
    response.writeHead(fault === undefined ? 200 : 400).end()
  }

  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    // A notice whose sender was killed while sending never comes to its end.
    request.on('end', () => take(request, new Uint8Array(Buffer.concat(chunks)), response))
    request.on('error', () => {})
  })
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve))
  const address = server.address()
  return {
    root: `http://localhost:${typeof address === 'object' && address ? address.port : 0}`,
    heard,
    repeated,
    longestWaitMs,
    expect: (given) => {
      keys = given
    },
    stop: () => new Promise<void>((resolve) => server.close(() => resolve()) && server.closeAllConnections()),
  }
}
