import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { type Listening, listen } from './serve.ts'

const GRACE_MS = 10_000
let open: { close(): unknown }[] = []
afterEach(async () => {
  for (const one of open) await one.close()
  open = []
})

/** Answers each request when it is told to; `/now` at once. */
const serving = async () => {
  const waiting: (() => void)[] = []
  let came = () => {}
  const listening: Listening = await listen(async ({ url }) => {
    if (!url.endsWith('/now')) {
      await new Promise<void>((resolve) => {
        waiting.push(resolve)
        came()
      })
    }
    return new Response('answer')
  }, 0)
  open.push({ close: () => listening.close(0) })
  return {
    listening,
    came: () =>
      new Promise<void>((resolve) => {
        came = resolve
      }),
    answer: () => {
      for (const resolve of waiting.splice(0)) resolve()
    },
  }
}

const connected = async (port: number): Promise<Socket> => {
  const socket = connect(port, 'localhost')
  open.push({ close: () => socket.destroy() })
  await once(socket, 'connect')
  return socket
}
const ask = (socket: Socket, path: string): void => void socket.write(`GET ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`)
/** Whole, and what the answer says of its connection. */
const answered = async (socket: Socket): Promise<string | undefined> => {
  let text = ''
  for (;;) {
    const [chunk] = await once(socket, 'data')
    text += String(chunk)
    if (text.includes('answer')) return /^connection: (\S+)/im.exec(text)?.[1]
  }
}

it('takes requests while it drains, and lets each answer end its connection, also that of a request under way', async () => {
  const { listening, came, answer } = await serving()
  const [slow, kept] = [await connected(listening.port), await connected(listening.port)]
  ask(kept, '/now')
  expect(await answered(kept)).toBe('keep-alive')
  const arrived = came()
  ask(slow, '/slow')
  await arrived
  listening.drain()
  const fresh = await connected(listening.port)
  ask(fresh, '/now')
  expect(await answered(fresh)).toBe('close')
  ask(kept, '/now')
  expect(await answered(kept)).toBe('close')
  answer()
  expect(await answered(slow)).toBe('close')
})

it('answers a request that has come on a kept connection when it closes, and closes what says nothing', async () => {
  const { listening } = await serving()
  const [speaks, silent] = [await connected(listening.port), await connected(listening.port)]
  for (const socket of [speaks, silent]) {
    ask(socket, '/now')
    await answered(socket)
  }
  const ended = once(silent, 'close')
  ask(speaks, '/now')
  const closed = listening.close(GRACE_MS)
  expect(await answered(speaks)).toBe('close')
  silent.resume()
  await ended
  await closed
})
