import { mkdtempSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { buildAssets } from '../../build-assets.mjs'
import { renderPage } from '../../src/payments/pages/index.ts'
import { loadAssets, themeCss } from '../../src/platform/html/index.ts'
import { frameOf, gallery, OFFERS, THEMES, type ThemeName } from './gallery.ts'

const HTML = 'text/html; charset=utf-8'

/** The policy of pages that lead to a bank: no inline code or style, posts may go to any https host. */
const POLICY =
  "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self' https:; base-uri 'none'; frame-ancestors 'none'"

const ARMS = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64"><path d="M8 4h48v30c0 15-12 22-24 26C20 56 8 49 8 34z" fill="#1d4f91"/><path d="M8 38c8-6 16-6 24 0s16 6 24 0c-2 12-13 18-24 22C21 56 10 50 8 38z" fill="#e8f0fa"/><path d="M32 10c8 6 10 12 8 18l-6-3v9h-4v-9l-6 3c-2-6 0-12 8-18z" fill="#f2c14e"/></svg>`

const COLOURS = ['#5a2d82', '#b8730a', '#0f6e84', '#333f48', '#7b3f00']
const tileSvg = (place: number): string => {
  const name = OFFERS[place]?.name.lv ?? ''
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 60"><rect width="120" height="60" rx="6" fill="${COLOURS[place]}"/><text x="60" y="38" font-family="system-ui,sans-serif" font-size="17" font-weight="700" fill="#fff" text-anchor="middle">${name.split(' ')[0]?.slice(0, 9)}</text></svg>`
}

export type GalleryServer = {
  readonly url: string
  /** Bytes as sent, by path, of the latest answer. */
  readonly sent: Map<string, number>
  /** Forms that were posted, latest last. */
  readonly posted: { readonly path: string; readonly body: string }[]
  /** Which page the payment's own address shows from now on; until then, the page asked for last. */
  showAtPay(path: string): void
  close(): Promise<void>
}

/** Serves `/<theme>/<language>/<page>` and what those pages load, compressed, with the hub's policy. */
export const serveGallery = async (): Promise<GalleryServer> => {
  const folder = mkdtempSync(join(tmpdir(), 'gallery-'))
  buildAssets(folder)
  const assets = loadAssets(folder)
  const files = new Map<string, { readonly type: string; readonly bytes: Uint8Array | string }>(assets.files)
  for (const [name, theme] of Object.entries(THEMES)) {
    files.set(`/look/${name}.css`, { type: 'text/css', bytes: themeCss(theme) })
  }
  files.set('/look/liepkalni.svg', { type: 'image/svg+xml', bytes: ARMS })
  for (const [place, offer] of OFFERS.entries()) {
    files.set(offer.logo, { type: 'image/svg+xml', bytes: tileSvg(place) })
  }
  const sent = new Map<string, number>()

  const answer = (response: ServerResponse, path: string, type: string, bytes: Uint8Array | string) => {
    const body = gzipSync(bytes)
    sent.set(path, body.length)
    response.writeHead(200, {
      'content-type': type,
      'content-encoding': 'gzip',
      'content-security-policy': POLICY,
      'referrer-policy': 'no-referrer',
    })
    response.end(body)
  }
  const posted: GalleryServer['posted'] = []
  let atPay: string | undefined
  let latest = '/'
  const server = createServer(async (request, response) => {
    const asked = (request.url ?? '/').split('?')[0] ?? '/'
    const isState = request.method === 'GET' && asked.startsWith('/pay/')
    let body = ''
    for await (const chunk of request) body += chunk
    if (request.method === 'POST') posted.push({ path: request.url ?? '', body })
    const path = isState ? (atPay ?? latest) : asked
    const file = files.get(path)
    if (file) return answer(response, path, file.type, file.bytes)
    latest = path
    const [theme, language = '', name = ''] = path.slice(1).split('/')
    const page = isTheme(theme) ? gallery(frameOf(theme, language, assets), theme).get(name) : undefined
    answer(response, path, HTML, page ? renderPage(page).toString() : '<!doctype html><title>arrived</title>')
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  return {
    url: `http://127.0.0.1:${port}`,
    sent,
    posted,
    showAtPay: (path) => {
      atPay = path
    },
    close: () => new Promise((closed) => server.close(() => closed())),
  }
}

const isTheme = (name: string | undefined): name is ThemeName => name !== undefined && Object.hasOwn(THEMES, name)
