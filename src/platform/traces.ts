import { type Attributes, ROOT_CONTEXT, SpanKind, SpanStatusCode, type Tracer, trace } from '@opentelemetry/api'

/**
 * Steps of a payment as OpenTelemetry spans. A payment takes minutes and passes through several processes, so a parent is no object in
 * memory but a text that is stored with the payment and its events (W3C Trace Context, `traceparent`).
 */
export type Traces = {
  begin(name: string, more: SpanOptions): Span
}

export type SpanOptions = {
  /** Who waits for whom: a request to us, a call of ours, or neither. */
  readonly kind?: 'server' | 'client'
  /** `traceparent` of what led here. Absent: a new trace. */
  readonly parent?: string | null | undefined
  /** From `performance.now()`, for a span that is only known later to be of this trace. */
  readonly beganAt?: number
  /** Ids and our own words. Never what a person wrote, and nothing that opens doors. */
  readonly about?: Attributes
}

export type Span = {
  /** For what follows from it; while nobody traces, the parent's as it came. */
  readonly traceparent: string | undefined
  end(about?: Attributes): void
  /** Ends it as failed. Of the fault only its kind is told: its sentence may quote anything. */
  fail(fault: unknown): void
}

const KINDS = { server: SpanKind.SERVER, client: SpanKind.CLIENT } as const

/** Without a tracer the one that this program registered with OpenTelemetry; where none is, spans cost next to nothing. */
export const openTraces = (tracer: Tracer = trace.getTracer('ebizness')): Traces => ({
  begin: (name, { kind, parent, beganAt, about = {} }) => {
    const context = parent ? parse(parent) : undefined
    const span = tracer.startSpan(
      name,
      {
        kind: kind ? KINDS[kind] : SpanKind.INTERNAL,
        attributes: about,
        ...(beganAt === undefined ? {} : { startTime: performance.timeOrigin + beganAt }),
      },
      context ? trace.setSpanContext(ROOT_CONTEXT, context) : ROOT_CONTEXT,
    )
    return {
      traceparent: write(span.spanContext()),
      end: (more = {}) => {
        span.setAttributes(more)
        span.end()
      },
      fail: (fault) => {
        span.setAttribute('error.type', fault instanceof Error ? fault.name : 'unknown')
        span.setStatus({ code: SpanStatusCode.ERROR })
        span.end()
      },
    }
  },
})

/** Ends the span with the work, however that ends. */
export const during = async <Value>(
  span: Span,
  work: (traceparent: string | undefined) => Promise<Value>,
  tell: (value: Value) => Attributes,
): Promise<Value> => {
  try {
    const value = await work(span.traceparent)
    span.end(tell(value))
    return value
  } catch (fault) {
    span.fail(fault)
    throw fault
  }
}

/** W3C Trace Context 1 §3.2: version 00; ids of zeros are none. Undefined: not one, and then a new trace begins. */
const TRACEPARENT = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$/

/** What a caller brought, if it is one. */
export const traceparentOf = (header: string | undefined): string | undefined =>
  header !== undefined && TRACEPARENT.test(header) ? header : undefined

const parse = (traceparent: string) => {
  const [, traceId, spanId, flags] = TRACEPARENT.exec(traceparent) ?? []
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true }
}

const write = ({ traceId, spanId, traceFlags }: ReturnType<ReturnType<Tracer['startSpan']>['spanContext']>) =>
  traceparentOf(`00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`)
