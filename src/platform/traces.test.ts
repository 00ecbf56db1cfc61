import { describe, expect, it } from 'vitest'
import { keptTraces } from '../../test/support/traces.ts'
import { during, openTraces, traceparentOf } from './traces.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const CAME = `00-${TRACE}-00f067aa0ba902b7-01`

describe('what a caller brought', () => {
  it.each([
    ['is taken as W3C Trace Context writes it', CAME, CAME],
    ['is none of another version', CAME.replace(/^00/, '01'), undefined],
    ['is none in capitals', CAME.toUpperCase(), undefined],
    ['is none with ids of zeros', `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`, undefined],
    ['is none with a span of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`, undefined],
    ['is none with more behind it', `${CAME}-x`, undefined],
    ['is none when it is empty', '', undefined],
    ['is none when it is absent', undefined, undefined],
  ])('%s', (_, header, expected) => {
    expect(traceparentOf(header)).toBe(expected)
  })
})

describe('while nobody traces', () => {
  const { begin } = openTraces()

  it('what came is handed on, and nothing is made up', () => {
    const span = begin('payment.create', { parent: CAME })
    expect(span.traceparent).toBe(CAME)
    span.end({ status: 201 })
    expect(begin('payment.create', {}).traceparent).toBeUndefined()
    expect(begin('payment.create', { parent: 'nonsense' }).traceparent).toBeUndefined()
  })
})

describe('while somebody traces', () => {
  it('a step belongs to the trace that led to it, through a text that can be stored', () => {
    const { traces, spans } = keptTraces()
    const first = traces.begin('first', { parent: CAME, kind: 'server', about: { a: 1 } })
    traces.begin('second', { parent: first.traceparent }).end({ b: 2 })
    first.end()
    const [second, one] = spans()
    expect(one).toMatchObject({
      name: 'first',
      kind: 1,
      trace: TRACE,
      parent: '00f067aa0ba902b7',
      attributes: { a: 1 },
    })
    expect(second).toMatchObject({ name: 'second', kind: 0, trace: TRACE, parent: one?.id, attributes: { b: 2 } })
  })

  it('without a parent, or with one that is none, a new trace begins', () => {
    const { traces } = keptTraces()
    const [one, other] = [undefined, 'nonsense'].map((parent) => traces.begin('first', { parent }).traceparent)
    expect(traceparentOf(one)).toBeDefined()
    expect(traceparentOf(other)).toBeDefined()
    expect(one).not.toBe(other)
  })

  it('a step may have begun before it was known whose it is', () => {
    const { traces, spans } = keptTraces()
    traces.begin('late', { parent: CAME, beganAt: performance.now() - 5_000 }).end()
    expect(spans()[0]?.tookMs).toBeGreaterThan(4_990)
    expect(spans()[0]?.tookMs).toBeLessThan(6_000)
  })

  it('of a fault only the kind is told', async () => {
    const { traces, spans } = keptTraces()
    const fault = new TypeError('Anna Paraudziņa has no account')
    const work = during(
      traces.begin('work', {}),
      () => Promise.reject(fault),
      () => ({}),
    )
    await expect(work).rejects.toBe(fault)
    expect(spans()[0]).toMatchObject({ failed: true, attributes: { 'error.type': 'TypeError' } })
    expect(JSON.stringify(spans())).not.toContain('Anna')
  })
})
