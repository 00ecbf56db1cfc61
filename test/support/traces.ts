import { SpanStatusCode } from '@opentelemetry/api'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { openTraces } from '../../src/platform/traces.ts'

/** Traces that are kept in memory, in the order in which they ended. */
export const keptTraces = () => {
  const exporter = new InMemorySpanExporter()
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
  return {
    traces: openTraces(provider.getTracer('test')),
    spans: () =>
      exporter.getFinishedSpans().map((span) => ({
        name: span.name,
        kind: span.kind,
        failed: span.status.code === SpanStatusCode.ERROR,
        attributes: span.attributes,
        trace: span.spanContext().traceId,
        id: span.spanContext().spanId,
        parent: span.parentSpanContext?.spanId,
        tookMs: span.duration[0] * 1e3 + span.duration[1] / 1e6,
      })),
  }
}
