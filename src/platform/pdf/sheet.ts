import type { Document, Structure } from 'pdfkit'
import type { Language } from '../../kernel/language.ts'
import { type Instant, toDate } from '../../kernel/time.ts'
import { fonts, forgetGlyphs } from './fonts.ts'
import { type Picture, pngOf } from './picture.ts'

/** One sheet to keep: who says so, a title, rows of names and values, sentences. Texts come ready from the caller. */
export type Sheet = {
  readonly language: Language
  /** Of the document, for a reader's window and lists of files. */
  readonly title: string
  readonly madeAt: Instant
  readonly head: { readonly name: string; readonly under: string; readonly logo?: Picture }
  /** A line of the merchant's own colour, `#rrggbb`. */
  readonly colour: string
  /** Said before anything else. */
  readonly warning?: string
  readonly heading: string
  readonly rows: readonly { readonly key: string; readonly value: string }[]
  readonly notes: readonly string[]
}

/** A4 in points; margins that every printer can keep. */
const PAGE = { width: 595.28, height: 841.89, margin: 56 } as const
const WIDTH = PAGE.width - 2 * PAGE.margin
const LOGO = 44
const KEY_WIDTH = 165
const GAP = 9
const SIZES = { small: 9, text: 11, name: 13, heading: 20 } as const
const INK = { text: '#0b0c0c', soft: '#484949', rule: '#cecece' } as const

/**
 * A tagged PDF (PDF/UA-1, ISO 14289-1): language, title, structure and reading order are in it, and its letters are embedded. The same
 * sheet gives the same bytes.
 */
export const sheetPdf = async (sheet: Sheet): Promise<Uint8Array<ArrayBuffer>> => {
  const logo = sheet.head.logo && (await pngOf(sheet.head.logo))
  const parsed = await fonts()
  const document = await open(sheet, parsed)
  // Nothing is waited for from here to the end.
  forgetGlyphs(parsed)
  const bytes = collected(document)
  const root = document.struct('Document')
  document.addStructure(root)
  const add = (type: string, draw: () => void): void => {
    root.add(document.struct(type, draw))
  }
  drawHead(document, sheet, logo, add)
  if (sheet.warning !== undefined) drawText(document, sheet.warning, 'bold', add)
  add('H1', () => {
    document.font('bold').fontSize(SIZES.heading).fillColor(INK.text).text(sheet.heading, PAGE.margin, document.y)
  })
  document.y += GAP
  drawRows(document, sheet, root)
  document.y += GAP
  for (const note of sheet.notes) drawText(document, note, 'regular', add)
  root.end()
  document.end()
  return bytes
}

/** Loaded with the first document: a hub that makes none does not pay for it. */
const open = async (sheet: Sheet, { regular, bold }: Awaited<ReturnType<typeof fonts>>): Promise<Document> => {
  const { default: PDFDocument } = await import('pdfkit')
  const document = new PDFDocument({
    size: [PAGE.width, PAGE.height],
    margin: PAGE.margin,
    pdfVersion: '1.7',
    subset: 'PDF/UA',
    tagged: true,
    lang: sheet.language,
    displayTitle: true,
    info: { Title: sheet.title, Author: sheet.head.name, CreationDate: toDate(sheet.madeAt) },
  })
  document.registerFont('regular', regular)
  document.registerFont('bold', bold)
  return document
}

const collected = (document: Document): Promise<Uint8Array<ArrayBuffer>> =>
  new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    document.on('data', (chunk: Buffer) => chunks.push(chunk))
    document.on('end', () => resolve(new Uint8Array(Buffer.concat(chunks))))
    document.on('error', reject)
  })

/** What only decorates is marked so: it is not read aloud. */
const decorate = (document: Document, draw: () => void): void => {
  document.markContent('Artifact', { type: 'Layout' })
  draw()
  document.endMarkedContent()
}

const rule = (document: Document, colour: string, thick: number): void =>
  decorate(document, () => {
    document
      .moveTo(PAGE.margin, document.y)
      .lineTo(PAGE.margin + WIDTH, document.y)
      .lineWidth(thick)
      .strokeColor(colour)
      .stroke()
  })

type Add = (type: string, draw: () => void) => void

const drawHead = (document: Document, { head, colour }: Sheet, logo: Uint8Array | undefined, add: Add): void => {
  const top = document.y
  const left = PAGE.margin + (logo ? LOGO + 2 * GAP : 0)
  const width = PAGE.margin + WIDTH - left
  // The name beside it says all that the picture does.
  if (logo) decorate(document, () => document.image(Buffer.from(logo), PAGE.margin, top, { fit: [LOGO, LOGO] }))
  add('P', () => {
    document.font('bold').fontSize(SIZES.name).fillColor(INK.text).text(head.name, left, top, { width })
  })
  add('P', () => {
    document.font('regular').fontSize(SIZES.text).fillColor(INK.soft).text(head.under, left, document.y, { width })
  })
  document.y = Math.max(document.y, top + (logo ? LOGO : 0)) + GAP
  rule(document, colour, 2)
  document.y += 2 * GAP
}

const drawText = (document: Document, text: string, font: 'regular' | 'bold', add: Add): void => {
  const size = font === 'bold' ? SIZES.text : SIZES.small
  add('P', () => {
    document
      .font(font)
      .fontSize(size)
      .fillColor(font === 'bold' ? INK.text : INK.soft)
      .text(text, PAGE.margin, document.y, { width: WIDTH })
  })
  document.y += GAP
}

const ROW_HEADER = { scope: 'Row' } as const

/** Names and values as a table, which readers walk through row by row. */
const drawRows = (document: Document, { rows }: Sheet, root: Structure): void => {
  const table = document.struct('Table')
  root.add(table)
  const valueLeft = PAGE.margin + KEY_WIDTH + GAP
  const valueWidth = WIDTH - KEY_WIDTH - GAP
  document.fontSize(SIZES.text)
  for (const { key, value } of rows) {
    const height = Math.max(
      document.font('bold').heightOfString(key, { width: KEY_WIDTH }),
      document.font('regular').heightOfString(value, { width: valueWidth }),
    )
    if (document.y + height + 2 * GAP > PAGE.height - PAGE.margin) document.addPage()
    rule(document, INK.rule, 0.5)
    const top = document.y + GAP * 0.7
    const row = document.struct('TR')
    table.add(row)
    const name = document.struct('TH', ROW_HEADER, () => {
      document.font('bold').fillColor(INK.text).text(key, PAGE.margin, top, { width: KEY_WIDTH })
    })
    const told = document.struct('TD', () => {
      document.font('regular').fillColor(INK.text).text(value, valueLeft, top, { width: valueWidth })
    })
    row.add(name).add(told)
    row.end()
    document.y = top + height + GAP * 0.7
  }
  rule(document, INK.rule, 0.5)
  table.end()
}
