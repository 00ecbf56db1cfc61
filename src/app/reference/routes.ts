import { gzipSync } from 'node:zlib'
import type { OpenAPIHono } from '@hono/zod-openapi'
import { type Context, Hono } from 'hono'
import { accepts } from 'hono/accepts'
import { PROBLEM_CODES } from '../../payments/index.ts'
import type { Assets } from '../../platform/html/index.ts'
import type { Config } from '../config.ts'
import { referencePage } from './page.ts'

export type ReferenceParts = { readonly config: Pick<Config, 'publicUrl'>; readonly assets: Assets }

/**
 * The API's document for programs and for people: made when somebody first asks, since most processes never are; then kept as it is sent,
 * since whoever asks for it again and again must not keep the hub from those who pay.
 */
export const referenceRoutes = (api: OpenAPIHono, { config, assets }: ReferenceParts): Hono => {
  const { publicUrl } = config
  const documentOf = keeping(() => api.getOpenAPI31Document(documentHead(publicUrl)))
  const jsonOf = keeping(() => packed(JSON.stringify(documentOf())))
  const pageOf = keeping(() =>
    packed(referencePage({ document: documentOf(), codes: PROBLEM_CODES, publicUrl, assets }).toString()),
  )
  const app = new Hono()
  app.get('/v1/openapi.json', (c) => send(c, jsonOf(), { 'content-type': 'application/json' }))
  app.get('/docs', (c) =>
    send(c, pageOf(), { 'content-type': 'text/html; charset=UTF-8', 'cache-control': 'public, max-age=300' }),
  )
  return app
}

type Packed = { readonly identity: Uint8Array<ArrayBuffer>; readonly gzip: Uint8Array<ArrayBuffer> }

const packed = (text: string): Packed => ({ identity: new TextEncoder().encode(text), gzip: gzipSync(text) })

const send = (c: Context, bytes: Packed, headers: Readonly<Record<string, string>>): Response => {
  const isPacked = accepts(c, { header: 'Accept-Encoding', supports: ['gzip'], default: 'identity' }) === 'gzip'
  const packing = isPacked ? { 'content-encoding': 'gzip' } : {}
  return c.body(isPacked ? bytes.gzip : bytes.identity, 200, { ...headers, vary: 'Accept-Encoding', ...packing })
}

const keeping = <Value>(make: () => Value): (() => Value) => {
  let kept: { readonly value: Value } | undefined
  return () => {
    kept ??= { value: make() }
    return kept.value
  }
}

const documentHead = (publicUrl: string) => ({
  openapi: '3.1.0',
  info: {
    title: 'E-BIZness CMA',
    version: '1',
    description:
      'One API for every bank: order a payment, send the payer to payUrl, hear its status by a signed notice.',
    license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
  },
  servers: [{ url: publicUrl }],
  tags: [
    { name: 'payments', description: 'Payments, offers and events of one e-service.' },
    { name: 'notices', description: 'What the hub tells an e-service by itself.' },
  ],
})
