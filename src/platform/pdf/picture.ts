import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { initWasm, Resvg } from '@resvg/resvg-wasm'
import { fontFiles } from './fonts.ts'

/** SVG or PNG, as a merchant gave it. */
export type Picture = { readonly type: 'image/svg+xml' | 'image/png'; readonly bytes: Uint8Array }

/** Sharp in print at the size a logo has on the sheet (262 dpi), and below 80 kB whatever is in it. */
const MOST_PIXELS = 160

let ready: Promise<void> | undefined
/** Made from a merchant's file, so drawn inside WebAssembly, which reaches nothing. */
const load = async (): Promise<void> => {
  const wasm = createRequire(import.meta.url).resolve('@resvg/resvg-wasm/index_bg.wasm')
  await initWasm(await readFile(wasm))
}

/** Kept as long as the picture itself is. */
const drawn = new WeakMap<Uint8Array, Promise<Uint8Array | undefined>>()

/** The picture as a small PNG; undefined when it cannot be drawn. */
export const pngOf = (picture: Picture): Promise<Uint8Array | undefined> => {
  const known = drawn.get(picture.bytes) ?? draw(picture)
  drawn.set(picture.bytes, known)
  return known
}

const draw = async ({ type, bytes }: Picture): Promise<Uint8Array | undefined> => {
  ready ??= load()
  await ready
  const svg = type === 'image/svg+xml' ? Buffer.from(bytes).toString('utf8') : wrapped(bytes)
  const { regular, bold } = fontFiles()
  const font = { fontBuffers: [regular, bold], defaultFontFamily: 'Noto Sans' }
  try {
    const bare = new Resvg(svg, { font })
    const zoom = MOST_PIXELS / Math.max(bare.width, bare.height)
    return new Resvg(svg, { font, fitTo: { mode: 'zoom', value: zoom } }).render().asPng()
  } catch {
    return undefined
  }
}

/** PNG specification §11.2.2: width and height stand at the beginning. */
const wrapped = (png: Uint8Array): string => {
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength)
  const [width, height] = [view.getUint32(16), view.getUint32(20)]
  const href = `data:image/png;base64,${Buffer.from(png).toString('base64')}`
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><image width="${width}" height="${height}" href="${href}"/></svg>`
}
