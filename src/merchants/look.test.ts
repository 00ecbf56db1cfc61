import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { agreementRecord, eServiceWith, exampleChannels } from '../../test/support/merchants.ts'
import { agreementLogo, type Directory, eServiceLogo, pictureAt } from './index.ts'
import { faultOfSvg, logoOf, MAX_LOGO_BYTES } from './look.ts'

const svg = (inside: string, attributes = ' xmlns="http://www.w3.org/2000/svg"') => `<svg${attributes}>${inside}</svg>`

const png = (width: number, height: number): Uint8Array => {
  const bytes = Buffer.alloc(64)
  Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex').copy(bytes)
  bytes.writeUInt32BE(width, 16)
  bytes.writeUInt32BE(height, 20)
  return bytes
}

describe('a logo in SVG', () => {
  it.each([
    ['plain', svg('<path d="M0 0h1"/>')],
    [
      'with a declaration and notes',
      `\uFEFF<?xml version="1.0"?>\n<!-- <script> of nobody -->\n${svg('<title>a &amp; b</title>')}`,
    ],
    [
      'with its own gradients',
      svg('<defs><linearGradient id="a"><stop offset="0"/></linearGradient></defs><rect fill="url(#a)"/>'),
    ],
    ['with its own style', svg('<style>.a{fill:#123}</style><use xlink:href="#a" href=\'#b\'/>')],
    ['with what editors leave', svg('<sodipodi:namedview pagecolor="#ffffff"/><metadata><rdf:RDF/></metadata>')],
  ])('is taken: %s', (_, text) => {
    expect(faultOfSvg(text)).toBeUndefined()
  })

  it.each([
    ['a script', svg('<script>alert(1)</script>'), '<script>'],
    ['a script in capitals', svg('<SCRIPT>alert(1)</SCRIPT>'), '<SCRIPT>'],
    ['a script in a namespace', svg('<svg:script>alert(1)</svg:script>'), '<svg:script>'],
    ['a script hidden behind a note', svg('<!-- --><script>1</script>'), '<script>'],
    ['a handler', svg('<rect onload="alert(1)"/>'), 'the script onload'],
    ['a handler after a line break', svg("<rect\n\tONCLICK = 'alert(1)'/>"), 'the script ONCLICK'],
    ['a handler without quotes', svg('<rect onload=alert(1)/>'), 'without quotes'],
    ['a handler glued to another attribute', svg('<rect id="a"onload="alert(1)"/>'), 'without quotes'],
    ['foreign content', svg('<foreignObject/>'), '<foreignObject>'],
    ['a link', svg('<a href="#x"/>'), '<a>'],
    ['an animation that sets a link', svg('<set attributeName="href" to="javascript:1"/>'), '<set>'],
    ['a picture from elsewhere', svg('<image href="https://example.org/x.png"/>'), '<image>'],
    ['another file', svg('<use href="https://example.org/x.svg#a"/>'), 'another file (href)'],
    ['another file under an old name', svg('<use xlink:href="//example.org/x"/>'), 'another file (xlink:href)'],
    ['a script as a link', svg('<use href="javascript:alert(1)"/>'), 'another file (href)'],
    ['a fill from elsewhere', svg('<rect fill="url(https://example.org/a)"/>'), 'another file (fill)'],
    ['a fill spelt with references', svg('<rect style="fill:u&#114;l(https://example.org)"/>'), 'another file (style)'],
    ['a style from elsewhere', svg('<style>@import "https://example.org/a.css"</style>'), 'a style sheet'],
    ['a font from elsewhere', svg('<style>@font-face{src:url(https://example.org/a)}</style>'), 'a style sheet'],
    ['a style with escapes', svg('<style>.a{fill:u\\72l(https://example.org)}</style>'), 'a style sheet'],
    ['a document type with entities', `<!DOCTYPE svg [<!ENTITY a "b">]>${svg('&a;')}`, 'neither'],
    [
      'an instruction',
      svg('<?xml-stylesheet href="https://example.org"?>'),
      'a document type, CDATA or an instruction',
    ],
    ['raw text', svg('<![CDATA[<script>]]>'), 'a document type, CDATA or an instruction'],
    ['an element cut off', '<svg><path d="M0 0', 'is cut off'],
    ['a web page', '<html></html>', 'neither a PNG nor an SVG'],
    ['nothing', '', 'neither a PNG nor an SVG'],
  ])('is refused with %s', (_, text, sentence) => {
    expect(faultOfSvg(text)).toContain(sentence)
  })

  it('is taken as the hub’s own channels draw it', () => {
    for (const channel of ['swedbank-lv', 'sandbox']) {
      const file = new URL(`../channels/${channel}/logo.svg`, import.meta.url)
      expect(faultOfSvg(readFileSync(file, 'utf8')), channel).toBeUndefined()
    }
  })
})

describe('a logo', () => {
  it.each([
    ['a PNG', png(64, 64), ''],
    ['a huge PNG', png(4000, 10), 'has 4000 × 10 pixels; at most 1024'],
    ['a large file', Buffer.alloc(MAX_LOGO_BYTES + 1), 'has 20001 bytes; at most 20000 are taken'],
    ['a JPEG', Buffer.from('ffd8ffe000104a464946', 'hex'), 'is neither a PNG nor an SVG'],
  ])('that is %s', (_, bytes, sentence) => {
    const logo = logoOf('look/x', bytes)
    expect(logo.ok ? '' : logo.error).toContain(sentence)
    expect(logo.ok).toBe(sentence === '')
  })

  it('is served at its own address only, as a picture that can do nothing', () => {
    const made = logoOf('x.svg', Buffer.from(svg('')))
    if (!made.ok) throw new Error(made.error)
    const logo = made.value
    const look = { brandColour: '#1d4f91', onBrandColour: '#ffffff', logo }
    const directory: Directory = {
      revision: 1,
      merchants: new Map(),
      agreements: new Map([['liepkalni-link', agreementRecord('liepkalni-link', { logo })]]),
      eServices: new Map([['property-tax', eServiceWith([], { look })]]),
    }
    const eService = directory.eServices.get('property-tax')
    const own = [
      agreementLogo('liepkalni-link', logo),
      (eService && eServiceLogo(eService)) ?? '',
      '/look/channel/link.svg',
    ]
    for (const address of own) {
      const picture = pictureAt(directory, exampleChannels, address)
      expect(picture?.type, address).toBe('image/svg+xml')
      expect(picture?.headers['content-security-policy']).toContain('sandbox')
    }
    const others = [
      '/look/channel/nobody.svg',
      '/look/channel/link.png',
      `/look/agreement/liepkalni-link-${'0'.repeat(16)}.svg`,
      `/look/agreement/nobody-${logo.hash}.svg`,
      '/look/e-service/property-tax.svg',
      '/look/channel/../link.svg',
      '',
    ]
    for (const address of others) expect(pictureAt(directory, exampleChannels, address), address).toBeUndefined()
  })
})
