import { createServer } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createLog, silentLog } from '../platform/log.ts'
import { startTracing } from './tracing.ts'

/** Somebody who listens as OpenTelemetry's collector does. */
const received: { readonly path: string | undefined; readonly body: string }[] = []
const collector = createServer((request, response) => {
  let body = ''
  request.setEncoding('utf8').on('data', (text: string) => {
    body += text
  })
  request.on('end', () => {
    received.push({ path: request.url, body })
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  })
})
let endpoint = ''
beforeAll(async () => {
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve))
  const address = collector.address()
  endpoint = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}/`
})
afterAll(() => collector.close())

describe('traces on demand', () => {
  it('go to the endpoint, the last ones when the hub stops', async () => {
    const { traces, stop } = await startTracing(endpoint, silentLog)
    const span = traces.begin('payment.create', { kind: 'server', about: { 'ebizness.payment': 'pay_1' } })
    span.end()
    await stop()
    expect(received).toHaveLength(1)
    const [{ path, body } = { path: '', body: '' }] = received
    expect(path).toBe('/v1/traces')
    for (const told of ['payment.create', 'pay_1', 'ebizness', span.traceparent?.split('-')[1]]) {
      expect(body).toContain(told)
    }
  })

  it('keep nobody who wants to stop waiting for a collector that is silent', async () => {
    const silent = createServer(() => {})
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    const address = silent.address()
    const port = typeof address === 'object' && address ? address.port : 0
    const { traces, stop } = await startTracing(`http://127.0.0.1:${port}`, silentLog)
    traces.begin('payment.create', {}).end()
    const asked = performance.now()
    await stop()
    expect(performance.now() - asked).toBeLessThan(5_000)
    silent.closeAllConnections()
    silent.close()
  })

  it('are not made where nobody asked for them', async () => {
    const { traces, stop } = await startTracing(undefined, silentLog)
    expect(traces.begin('payment.create', {}).traceparent).toBeUndefined()
    await stop()
  })

  it('say in one line what to install where the packages are missing, and the hub goes on', async () => {
    const lines: string[] = []
    const log = createLog({ level: 'info', to: { write: (line) => lines.push(line) } })
    const missing: string = '@opentelemetry/not-there'
    const { traces } = await startTracing(endpoint, log, () => import(missing))
    expect(lines).toHaveLength(1)
    expect(lines[0]).toContain('npm install @opentelemetry/sdk-trace-base')
    expect(traces.begin('payment.create', {}).traceparent).toBeUndefined()
  })

  it('that fail in another way are a fault', async () => {
    const broken = () => Promise.reject(new Error('broken'))
    await expect(startTracing(endpoint, silentLog, broken)).rejects.toThrow('broken')
  })
})
