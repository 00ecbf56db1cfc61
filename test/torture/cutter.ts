import { connect, createServer, type Socket } from 'node:net'
import { portOf } from './balancer.ts'

/** A wire to PostgreSQL that can break at the worst moment: when the commit is done and its answer is on the way. */
export type Cutter = {
  readonly port: number
  /** The next so many answers to a commit end in their middle, and their connections with them. */
  cutAnswers(count: number): void
  /** How many were. */
  cut(): number
  stop(): Promise<void>
}

/** CommandComplete of a commit: its tag, ended by a zero (PostgreSQL, Frontend/Backend Protocol, Message Formats). */
const COMMITTED = Buffer.from('COMMIT\0')

export const startCutter = async (serverPort: number): Promise<Cutter> => {
  const open = new Set<Socket>()
  let wanted = 0
  let cut = 0
  const server = createServer({ noDelay: true }, (client) => {
    const upstream = connect({ port: serverPort, host: '127.0.0.1', noDelay: true })
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      open.add(one)
      one.on('error', () => {})
      one.once('close', () => {
        open.delete(one)
        other.destroy()
      })
    }
    client.pipe(upstream)
    upstream.on('data', (chunk: Buffer) => {
      const place = wanted > 0 ? chunk.indexOf(COMMITTED) : -1
      if (place === -1) {
        if (!client.write(chunk)) upstream.pause()
        return
      }
      wanted--
      cut++
      client.write(chunk.subarray(0, place + COMMITTED.length / 2), () => client.resetAndDestroy())
      upstream.destroy()
    })
    client.on('drain', () => upstream.resume())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: portOf(server),
    cutAnswers: (count) => {
      wanted += count
    },
    cut: () => cut,
    stop: () => {
      for (const socket of open) socket.destroy()
      return new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}
