import { createServer } from 'node:http'
import { listenOn } from '../../support/outward.ts'

/** A server that the hub may call, and that sends it elsewhere. */
export type Redirector = {
  readonly url: string
  leadTo(status: number, location: string): void
  stop(): Promise<void>
}

export const startRedirector = async (): Promise<Redirector> => {
  let [status, location] = [302, '/']
  const server = createServer((_, response) => {
    // Header values are bytes: other letters go as a browser would write them.
    const value = encodeURI(location).replaceAll('%25', '%')
    response.writeHead(status, { location: value, refresh: `0; url=${value}` }).end()
  })
  const port = await listenOn(server)
  return {
    url: `http://127.0.0.1:${port}/`,
    leadTo: (...next) => {
      ;[status, location] = next
    },
    stop: () => new Promise((closed) => server.close(() => closed())),
  }
}
