import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** What the hub serves below `/assets/`. The name holds the hash of the bytes, so an answer may be kept for ever. */
export type Asset = { readonly type: string; readonly bytes: Uint8Array<ArrayBuffer> }

export type Assets = {
  readonly stylesheet: string
  readonly script: string
  readonly icon: string
  /** Stylesheet of the API reference, beside the first. */
  readonly reference: string
  /** By whole path, `/assets/pay-1a2b3c4d5e.css`. */
  readonly files: ReadonlyMap<string, Asset>
}

/** The same folder seen from `src/` and from `dist/`: the stylesheet exists only once it is built. */
const BUILT = fileURLToPath(new URL('../../../dist/platform/html/assets/', import.meta.url))

/** Reads the built stylesheet, script and icon. Throws when they are not built yet. */
export const loadAssets = (folder: string = BUILT): Assets => {
  const stylesheet = loadAsset(folder, 'pay', 'css', 'text/css; charset=utf-8')
  const script = loadAsset(folder, 'pay', 'js', 'text/javascript; charset=utf-8')
  const reference = loadAsset(folder, 'reference', 'css', 'text/css; charset=utf-8')
  const icon = loadAsset(folder, 'icon', 'svg', 'image/svg+xml')
  return {
    stylesheet: stylesheet.path,
    script: script.path,
    icon: icon.path,
    reference: reference.path,
    files: new Map([stylesheet, script, icon, reference].map(({ path, asset }) => [path, asset])),
  }
}

const loadAsset = (folder: string, name: string, extension: string, type: string) => {
  const bytes = new Uint8Array(readFileSync(`${folder}/${name}.${extension}`))
  return { path: `/assets/${name}-${shortHash(bytes)}.${extension}`, asset: { type, bytes } satisfies Asset }
}

/** Ten hexadecimal digits of SHA-256: enough to tell versions of one file apart. */
export const shortHash = (content: Uint8Array | string): string =>
  createHash('sha256').update(content).digest('hex').slice(0, 10)
