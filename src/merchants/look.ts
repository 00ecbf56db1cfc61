import type { ListedChannel } from '../channels/channel.ts'
import { fail, ok, type Result } from '../kernel/result.ts'
import { sha256Hex } from '../platform/crypto/index.ts'
import type { AgreementRecord, Directory, EService } from './directory.ts'

export type Logo = NonNullable<AgreementRecord['logo']>

/** The payer's first page weighs 60 kB at most, with every logo on it. */
export const MAX_LOGO_BYTES = 20_000
const MAX_PNG_PIXELS = 1024

/** A logo that may be served: an SVG that can run and fetch nothing, or a PNG. Errors: a sentence. */
export const logoOf = (path: string, bytes: Uint8Array): Result<Logo, string> => {
  if (bytes.length > MAX_LOGO_BYTES)
    return fail(`the logo ${path} has ${bytes.length} bytes; at most ${MAX_LOGO_BYTES} are taken`)
  const hash = sha256Hex(bytes).slice(0, 16)
  if (isPng(bytes)) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const [width, height] = [view.getUint32(16), view.getUint32(20)]
    if (width > MAX_PNG_PIXELS || height > MAX_PNG_PIXELS) {
      return fail(`the logo ${path} has ${width} × ${height} pixels; at most ${MAX_PNG_PIXELS} each way are taken`)
    }
    return ok({ type: 'image/png', bytes, hash })
  }
  const fault = faultOfSvg(Buffer.from(bytes).toString('utf8'))
  return fault === undefined ? ok({ type: 'image/svg+xml', bytes, hash }) : fail(`the logo ${path} ${fault}`)
}

/** PNG specification §5.2 and §11.2.2: signature, then IHDR with width and height. */
const isPng = (bytes: Uint8Array): boolean =>
  bytes.length > 33 && Buffer.from(bytes.subarray(0, 16)).toString('hex') === '89504e470d0a1a0a0000000d49484452'

/** Drawing and nothing else: no scripts, links, foreign content, animation or fonts. */
const SVG_ELEMENTS = new Set(
  `svg g defs symbol use title desc metadata path rect circle ellipse line polyline polygon text tspan
   linearGradient radialGradient stop clipPath mask pattern marker switch style
   filter feGaussianBlur feOffset feBlend feFlood feComposite feMerge feMergeNode feColorMatrix`.split(/\s+/),
)

/** What keeps an SVG from being served; undefined when nothing does. Stricter than a parser: what it cannot follow it refuses. */
export const faultOfSvg = (text: string): string | undefined => {
  const drawing = text.replace(/^\uFEFF?\s*<\?xml[^>]*\?>/, '').replace(/<!--[\s\S]*?-->/g, '')
  if (!/^\s*<svg[\s>]/.test(drawing)) return 'is neither a PNG nor an SVG'
  if (/<[!?]/.test(drawing)) return 'holds a document type, CDATA or an instruction: save it as plain SVG'
  for (const [whole, name = '', attributes = ''] of drawing.matchAll(
    /<\/?([^\s/>]*)((?:"[^"]*"|'[^']*'|[^"'>])*)>?/g,
  )) {
    // Editors leave their own elements in their own namespaces; browsers draw none of them.
    if (!SVG_ELEMENTS.has(name) && !/^(sodipodi|inkscape|rdf|cc|dc):[A-Za-z-]+$/.test(name)) {
      return `holds <${name}>: only drawing elements are taken`
    }
    if (!whole.endsWith('>')) return 'is cut off'
    const fault = faultOfAttributes(attributes)
    if (fault !== undefined) return fault
  }
  for (const [, style = ''] of drawing.matchAll(/<style[^>]*>([\s\S]*?)<\/style/g)) {
    if (isForeignCss(style)) return 'has a style sheet that refers to another file'
  }
  return undefined
}

const faultOfAttributes = (attributes: string): string | undefined => {
  const rest = attributes.replace(/\s+([^\s=/]+)\s*=\s*("[^"]*"|'[^']*')/g, '')
  if (/[^\s/]/.test(rest)) return 'has an attribute without quotes'
  for (const [, name = '', quoted = ''] of attributes.matchAll(/\s+([^\s=/]+)\s*=\s*("[^"]*"|'[^']*')/g)) {
    const value = quoted.slice(1, -1).trim()
    if (/^on/i.test(name)) return `has the script ${name}`
    if (/(^|:)href$/i.test(name) && !value.startsWith('#')) return `refers to another file (${name})`
    if (/^xmlns(:|$)/.test(name)) continue
    if (isForeignCss(value)) return `refers to another file (${name})`
  }
  return undefined
}

/** `&` and `\` could spell the words in another way. */
const isForeignCss = (css: string): boolean =>
  /url\(\s*(?!["']?#)/i.test(css) || /@import|image-set|javascript:|data:|expression\(/i.test(css) || /&#|\\/.test(css)

type Picture = { readonly type: string; readonly bytes: Uint8Array; readonly headers: Readonly<Record<string, string>> }

const EXTENSIONS: Readonly<Record<Logo['type'], string>> = { 'image/svg+xml': 'svg', 'image/png': 'png' }

export const channelLogo = (channel: string): string => `/look/channel/${channel}.svg`
export const agreementLogo = (agreement: string, logo: Logo): string =>
  `/look/agreement/${agreement}-${logo.hash}.${EXTENSIONS[logo.type]}`

/** Address of an e-service's own logo below the hub's root; undefined when it has none. */
export const eServiceLogo = ({ id, look }: EService): string | undefined =>
  look.logo && `/look/e-service/${id}-${look.logo.hash}.${EXTENSIONS[look.logo.type]}`

/** The picture at an address that one of the functions above made, with the headers to serve it by; undefined when there is none. */
export const pictureAt = (
  directory: Directory,
  channels: readonly ListedChannel[],
  address: string,
): Picture | undefined => {
  const match = /^\/look\/(channel|agreement|e-service)\/([a-z0-9-]+?)(?:-[0-9a-f]{16})?\.(?:svg|png)$/.exec(address)
  const [kind, id = ''] = match?.slice(1) ?? []
  if (kind === 'channel') {
    const listed = channels.find(({ channel }) => channel.id === id)
    if (!listed || address !== channelLogo(id)) return undefined
    // No hash in this address: a newer hub may draw another tile.
    return served({ type: 'image/svg+xml', bytes: Buffer.from(listed.logo) }, 'public, max-age=3600')
  }
  const agreement = kind === 'agreement' ? directory.agreements.get(id) : undefined
  const eService = kind === 'e-service' ? directory.eServices.get(id) : undefined
  if (agreement?.logo && address === agreementLogo(id, agreement.logo)) return served(agreement.logo, FOR_EVER)
  if (eService?.look.logo && address === eServiceLogo(eService)) return served(eService.look.logo, FOR_EVER)
  return undefined
}

const FOR_EVER = 'public, max-age=31536000, immutable'

/** A merchant's file is shown as a picture and never as a page of ours, also when its address is opened by itself. */
const served = ({ type, bytes }: { readonly type: string; readonly bytes: Uint8Array }, caching: string): Picture => ({
  type,
  bytes,
  headers: {
    'content-type': type,
    'cache-control': caching,
    'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    'x-content-type-options': 'nosniff',
  },
})
