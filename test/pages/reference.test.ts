import { readdirSync, readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { PROBLEM_CODES } from '../../src/payments/index.ts'
import { startTestHub, type TestHub } from '../support/hub.ts'
import { launchBrowser, openPage } from './browser.ts'
import { faultsOf, widthFaultsOf } from './faults.ts'

/** `/docs`: all that the OpenAPI document says, for people. */

const MAX_FIRST_LOAD_BYTES = 60_000

let hub: TestHub
let page: string
let document: z.infer<typeof Document>
beforeAll(async () => {
  hub = await startTestHub()
  page = await (await fetch(`${hub.root}/docs`)).text()
  document = Document.parse(await (await fetch(`${hub.root}/v1/openapi.json`)).json())
})
afterAll(() => hub.stop())

const Document = z.object({
  paths: z.record(
    z.string(),
    z.record(
      z.string(),
      z.object({
        operationId: z.string(),
        summary: z.string(),
        parameters: z.array(z.object({ name: z.string() })).default([]),
        responses: z.record(z.string(), z.object({ description: z.string() })),
      }),
    ),
  ),
  components: z.object({ schemas: z.record(z.string(), z.object({ properties: z.record(z.string(), z.unknown()) })) }),
})

/** What a reader sees of a part of the page. */
const textOf = (markup: string): string =>
  markup
    .replaceAll(/<[^>]+>/g, '')
    .replaceAll('&#39;', "'")
    .replaceAll('&quot;', '"')

const sectionOf = (id: string): string =>
  new RegExp(`<section[^>]* aria-labelledby="${id}">[\\s\\S]*?</section>`).exec(page)?.[0] ?? ''

describe('the reference', () => {
  it('shows every call of the document with its parameters and answers', () => {
    const calls = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, call]) => ({ path, method: method.toUpperCase(), ...call })),
    )
    expect(calls.length).toBeGreaterThan(8)
    for (const { path, method, operationId, summary, parameters, responses } of calls) {
      const section = sectionOf(operationId)
      const text = textOf(section)
      expect(text, operationId).toContain(`${method} ${path}`)
      for (const part of [summary, ...Object.values(responses).map(({ description }) => description)])
        expect(text, operationId).toContain(part)
      for (const name of [...parameters.map((one) => one.name), ...Object.keys(responses)])
        expect(section, operationId).toContain(`<dt><code>${name}</code>`)
      expect(page, operationId).toContain(`<a href="#${operationId}">`)
    }
  })

  it('shows the notice with its headers, and what is to be answered', () => {
    const section = sectionOf('notice')
    for (const name of ['webhook-id', 'webhook-timestamp', 'webhook-signature', '200', '410'])
      expect(section).toContain(`<dt><code>${name}</code>`)
    expect(textOf(section)).toContain('What you answer')
  })

  it('shows every shape with its fields, an order’s at its call', () => {
    const atCall: Readonly<Record<string, string>> = {
      NewPayment: 'createPayment',
      NewRefund: 'refundPayment',
      Notice: 'notice',
    }
    for (const [name, { properties }] of Object.entries(document.components.schemas)) {
      const section = sectionOf(atCall[name] ?? `shape-${name}`)
      for (const field of Object.keys(properties)) expect(section, name).toContain(`<dt><code>${field}</code>`)
    }
  })

  it('leads to nothing that is not on it, and calls nothing twice', () => {
    const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id)
    expect(new Set(ids).size).toBe(ids.length)
    const links = [...page.matchAll(/ href="#([^"]+)"/g)].map(([, id]) => id)
    expect(links.filter((id) => !ids.includes(id))).toEqual([])
    expect(page).not.toMatch(/undefined|\[object|NaN|\sstyle=|\son[a-z]+=/)
  })

  it('is found from the hub’s own address', async () => {
    expect(await (await fetch(hub.root)).text()).toContain(`${hub.root}/docs`)
  })
})

describe('the problem codes', () => {
  it('are those that the code answers with, and no other', () => {
    const folder = new URL('../../src/', import.meta.url)
    const inPayments = readdirSync(new URL('payments/', folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts') && name !== 'problem-codes.ts')
      .map((name) => `payments/${name}`)
    const answered = [...inPayments, 'platform/http/problem.ts', 'app/web.ts'].flatMap((name) => {
      const text = readFileSync(new URL(name, folder), 'utf8')
      const unions = [...text.matchAll(/\bcode: ('[a-z_]+'(?: \| '[a-z_]+')*)/g)].map(([, union = '']) => union)
      return unions.flatMap((union) => union.split(' | ').map((code) => code.slice(1, -1)))
    })
    expect([...new Set(answered)].sort()).toEqual(Object.keys(PROBLEM_CODES).sort())
  })

  it('are all shown with what they mean', () => {
    const text = textOf(sectionOf('problems'))
    for (const [code, { status, means }] of Object.entries(PROBLEM_CODES)) {
      expect(text).toContain(`${code}${status}`)
      expect(text).toContain(means)
    }
  })
})

describe('in a browser', () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await launchBrowser()
  })
  afterAll(() => browser.close())

  it('gives axe nothing to find, breaks no policy, never scrolls sideways', async () => {
    for (const width of [390, 1280]) {
      const { page: shown, complaints } = await openPage(browser, { width })
      await shown.goto(`${hub.root}/docs`)
      expect(await faultsOf(shown)).toEqual([])
      expect(await widthFaultsOf(shown)).toEqual([])
      expect(complaints).toEqual([])
      await shown.context().close()
    }
  })

  it('is whole without scripts, and its contents lead to each call', async () => {
    const { page: shown } = await openPage(browser, { scripts: false })
    await shown.goto(`${hub.root}/docs`)
    await shown.getByRole('navigation').getByRole('link', { name: 'Cancel a payment' }).click()
    expect(new URL(shown.url()).hash).toBe('#cancelPayment')
    expect(await shown.getByRole('heading', { name: 'Cancel a payment' }).boundingBox()).toMatchObject({
      y: expect.closeTo(0, -2),
    })
    await shown.context().close()
  })

  it(`loads in at most ${MAX_FIRST_LOAD_BYTES} bytes, compressed by the hub itself`, async () => {
    const { page: shown } = await openPage(browser, { scripts: true })
    const loaded: { readonly url: string; readonly bytes: number }[] = []
    shown.on('requestfinished', async (request) => {
      loaded.push({ url: request.url(), bytes: (await request.sizes()).responseBodySize })
    })
    await shown.goto(`${hub.root}/docs`, { waitUntil: 'networkidle' })
    const own = loaded.find(({ url }) => url.endsWith('/docs'))
    expect(own?.bytes).toBeLessThan(page.length / 3)
    const files = loaded
      .filter(({ url }) => !url.endsWith('/docs'))
      .map(({ url }) => fetch(url).then((one) => one.text()))
    const compressed = (await Promise.all(files)).map((text) => gzipSync(text).length)
    expect((own?.bytes ?? 0) + compressed.reduce((sum, bytes) => sum + bytes, 0)).toBeLessThan(MAX_FIRST_LOAD_BYTES)
    await shown.context().close()
  })
})
