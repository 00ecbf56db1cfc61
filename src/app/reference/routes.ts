import type { OpenAPIHono } from '@hono/zod-openapi'
import { Hono } from 'hono'
import { compress } from 'hono/compress'
import { PROBLEM_CODES } from '../../payments/index.ts'
import type { Assets } from '../../platform/html/index.ts'
import type { Config } from '../config.ts'
import { referencePage } from './page.ts'

export type ReferenceParts = { readonly config: Pick<Config, 'publicUrl'>; readonly assets: Assets }

/** The API's document for programs and for people: made when somebody first asks, since most processes never are. */
export const referenceRoutes = (api: OpenAPIHono, { config, assets }: ReferenceParts): Hono => {
  const { publicUrl } = config
  const documentOf = keeping(() => api.getOpenAPI31Document(documentHead(publicUrl)))
  const pageOf = keeping(() =>
    referencePage({ document: documentOf(), codes: PROBLEM_CODES, publicUrl, assets }).toString(),
  )
  const app = new Hono()
  app.get('/v1/openapi.json', compress(), (c) => c.json(documentOf()))
  app.get('/docs', compress(), (c) => c.html(pageOf(), 200, { 'cache-control': 'public, max-age=300' }))
  return app
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
