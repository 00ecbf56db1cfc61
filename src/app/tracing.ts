import { setTimeout } from 'node:timers/promises'
import type { Tracer } from '@opentelemetry/api'
import type { Log } from '../platform/log.ts'
import { openTraces, type Traces } from '../platform/traces.ts'
import { VERSION } from './version.ts'

export type Tracing = {
  readonly traces: Traces
  /** Sends what has not been sent, for two seconds at most. */
  stop(): Promise<void>
}

/** Not installed with the hub: few hubs are traced, and these bring eleven packages. */
const PACKAGES = ['sdk-trace-base@2', 'resources@2', 'exporter-trace-otlp-http@0.223'].map(
  (name) => `@opentelemetry/${name}`,
)

/** A collector that is away would keep a hub that is asked to stop for ten seconds. */
const GOODBYE_MS = 2_000

type Provider = { getTracer(name: string, version: string): Tracer; shutdown(): Promise<void> }

/** The SDK reads the other names of OpenTelemetry's environment by itself: headers, sampler, batches, resource. */
const openProvider = async (endpoint: string): Promise<Provider> => {
  const { BasicTracerProvider, BatchSpanProcessor } = await import('@opentelemetry/sdk-trace-base')
  const { defaultResource, detectResources, envDetector, resourceFromAttributes } = await import(
    '@opentelemetry/resources'
  )
  const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-http')
  const exporter = new OTLPTraceExporter({ url: `${endpoint.replace(/\/+$/, '')}/v1/traces` })
  const named = resourceFromAttributes({ 'service.name': 'ebizness', 'service.version': VERSION })
  const told = detectResources({ detectors: [envDetector] })
  return new BasicTracerProvider({
    resource: defaultResource().merge(named).merge(told),
    spanProcessors: [new BatchSpanProcessor(exporter)],
  })
}

/** Traces on demand: to whoever listens at `endpoint`, when the SDK is there; else said once, and the hub starts without. */
export const startTracing = async (
  endpoint: string | undefined,
  log: Log,
  open: (endpoint: string) => Promise<Provider> = openProvider,
): Promise<Tracing> => {
  const off: Tracing = { traces: openTraces(), stop: async () => {} }
  if (endpoint === undefined) return off
  const provider = await open(endpoint).catch((fault: unknown) => {
    if (!isMissing(fault)) throw fault
    const install = `npm install ${PACKAGES.join(' ')}`
    log.warn({ install }, 'OTEL_EXPORTER_OTLP_ENDPOINT is set and the packages that send traces are not installed')
    return undefined
  })
  if (!provider) return off
  log.info({ endpoint }, 'traces are sent')
  return {
    traces: openTraces(provider.getTracer('ebizness', VERSION)),
    stop: () => Promise.race([provider.shutdown(), setTimeout(GOODBYE_MS, undefined, { ref: false })]),
  }
}

const isMissing = (fault: unknown): boolean =>
  fault instanceof Error && 'code' in fault && fault.code === 'ERR_MODULE_NOT_FOUND'
