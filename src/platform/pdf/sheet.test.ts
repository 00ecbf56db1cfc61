import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readPdf } from '../../../test/support/pdf.ts'
import { pngOf } from './picture.ts'
import { type Sheet, sheetPdf } from './sheet.ts'

const MAX_BYTES = 100_000

const svg = (text: string) => ({ type: 'image/svg+xml', bytes: new Uint8Array(Buffer.from(text)) }) as const
const file = (name: string) => readFileSync(join(import.meta.dirname, '../../sandbox/demo/look', name))
const logo = svg(file('liepkalni.svg').toString())

const sheet: Sheet = {
  language: 'lv',
  title: 'Maksājuma kvīts NIN-1',
  madeAt: 1_795_000_000_000,
  head: { name: 'Liepkalnu novada pašvaldība', under: 'Nekustamā īpašuma nodoklis', logo },
  colour: '#1d4f91',
  heading: 'Maksājuma kvīts',
  rows: [
    { key: 'Samaksātā summa', value: '125,40 €' },
    { key: 'Par ko', value: 'Ņemšanas ĀĒĪŪČĢĶĻŅŠŽ āēīūčģķļņšž; Рига' },
  ],
  notes: ['Derīga bez paraksta.'],
}

describe('a sheet', () => {
  it('is a tagged PDF with language, title and reading order, and every Latvian letter can be read', async () => {
    expect(await readPdf(await sheetPdf(sheet))).toEqual({
      pages: 1,
      language: 'lv',
      title: 'Maksājuma kvīts NIN-1',
      author: 'Liepkalnu novada pašvaldība',
      tagged: true,
      uaPart: '1',
      roles: ['Document', 'P', 'P', 'H1', 'Table', 'TR', 'TH', 'TD', 'TR', 'TH', 'TD', 'P'],
      read: [
        'Liepkalnu novada pašvaldība',
        'Nekustamā īpašuma nodoklis',
        'Maksājuma kvīts',
        'Samaksātā summa',
        '125,40 €',
        'Par ko',
        'Ņemšanas ĀĒĪŪČĢĶĻŅŠŽ āēīūčģķļņšž; Рига',
        'Derīga bez paraksta.',
      ],
    })
  })

  it('has what a reader’s program looks for by name, and its letters inside', async () => {
    const text = Buffer.from(await sheetPdf(sheet)).toString('latin1')
    for (const name of ['/StructTreeRoot', '/Lang (lv)', '/DisplayDocTitle true', '/Scope /Row', '/FontFile2'])
      expect(text).toContain(name)
  })

  it('is the same to the byte for the same facts, and another one for others', async () => {
    const [once, again, other] = await Promise.all([
      sheetPdf(sheet),
      sheetPdf({ ...sheet, head: { ...sheet.head, logo: { ...logo, bytes: new Uint8Array(logo.bytes) } } }),
      sheetPdf({ ...sheet, notes: [] }),
    ])
    expect(Buffer.from(once).equals(Buffer.from(again))).toBe(true)
    expect(Buffer.from(once).equals(Buffer.from(other))).toBe(false)
  })

  it('can be copied in its own letters, whatever hyphens and spaces an earlier one had', async () => {
    const hyphens = { key: 'Numurs', value: 'NIN\u20112026\u2010000\u00ad123\u00a0456' }
    await Promise.all([1, 2].map(() => sheetPdf({ ...sheet, rows: [hyphens] })))
    const plain = { key: 'Numurs', value: 'NIN-2026-000-123 456' }
    expect((await readPdf(await sheetPdf({ ...sheet, rows: [plain] }))).read).toContain(plain.value)
  })

  it('says a warning first', async () => {
    const { read } = await readPdf(await sheetPdf({ ...sheet, warning: 'Izmēģinājums' }))
    expect(read.slice(2, 4)).toEqual(['Izmēģinājums', 'Maksājuma kvīts'])
  })

  it('goes on on a second page when it must, and stays small', async () => {
    const rows = Array.from({ length: 30 }, (_, place) => ({ key: `Rinda ${place}`, value: 'garš teksts '.repeat(20) }))
    const bytes = await sheetPdf({ ...sheet, rows })
    const { pages, roles } = await readPdf(bytes)
    expect(pages).toBeGreaterThan(1)
    expect(roles.filter((role) => role === 'TR').length).toBeGreaterThanOrEqual(30)
    expect(bytes.length).toBeLessThan(MAX_BYTES)
  })
})

describe('a logo', () => {
  const PIXELS = 1024
  const noise = svg(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${PIXELS}" height="${PIXELS}">${Array.from({ length: 400 }, (_, place) => `<circle cx="${(place * 97) % PIXELS}" cy="${(place * 61) % PIXELS}" r="60" fill="hsl(${place},80%,50%)" opacity="0.5"/>`).join('')}</svg>`,
  )

  it('of any size or kind leaves the sheet small', async () => {
    const drawn = await pngOf(noise)
    if (!drawn) throw new Error('not drawn')
    expect(new DataView(drawn.buffer, drawn.byteOffset).getUint32(16)).toBe(160)
    const png = { type: 'image/png', bytes: drawn } as const
    for (const picture of [noise, png, svg(file('eglupe.svg').toString())]) {
      const bytes = await sheetPdf({ ...sheet, head: { ...sheet.head, logo: picture } })
      expect(Buffer.from(bytes).toString('latin1')).toContain('/Subtype /Image')
      expect(bytes.length).toBeLessThan(MAX_BYTES)
    }
  })

  it('that cannot be drawn is left out', async () => {
    const bytes = await sheetPdf({ ...sheet, head: { ...sheet.head, logo: svg('<svg') } })
    expect(Buffer.from(bytes).toString('latin1')).not.toContain('/Subtype /Image')
  })
})
