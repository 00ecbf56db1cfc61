import { getDocument, type PDFDocumentProxy, VerbosityLevel } from 'pdfjs-dist/legacy/build/pdf.mjs'

/** A PDF as a reader's program sees it, a screen reader's too. */
export type ReadPdf = {
  readonly pages: number
  readonly language: string
  readonly title: string
  readonly author: string
  readonly tagged: boolean
  /** Of PDF/UA (ISO 14289) that it says to follow. */
  readonly uaPart: string | null
  /** Roles in reading order, depth first. */
  readonly roles: readonly string[]
  /** Text of each marked place in reading order: what is read aloud, line by line. */
  readonly read: readonly string[]
}

type Node = {
  readonly role?: string
  readonly type?: string
  readonly id?: string
  readonly children?: readonly Node[]
}

const flat = (node: Node): readonly Node[] => [node, ...(node.children ?? []).flatMap(flat)]

const pageOf = async (document: PDFDocumentProxy, number: number) => {
  const page = await document.getPage(number)
  const tree: Node = (await page.getStructTree()) ?? {}
  const { items } = await page.getTextContent({ includeMarkedContent: true })
  const texts = new Map<string, string>()
  let at = ''
  for (const item of items) {
    if ('str' in item) texts.set(at, `${texts.get(at) ?? ''}${item.str}${item.hasEOL ? ' ' : ''}`)
    else if (item.type === 'endMarkedContent') at = ''
    else at = item.id ?? 'decoration'
  }
  const nodes = flat(tree)
  return {
    roles: nodes.flatMap(({ role }) => (role === undefined || role === 'Root' ? [] : [role])),
    read: nodes.flatMap(({ type, id }) => (type === 'content' && id ? [texts.get(id)?.trim() ?? ''] : [])),
  }
}

export const readPdf = async (bytes: Uint8Array): Promise<ReadPdf> => {
  const task = getDocument({ data: new Uint8Array(bytes), verbosity: VerbosityLevel.ERRORS })
  const document = await task.promise
  const { info, metadata } = await document.getMetadata()
  const known: Readonly<Record<string, unknown>> = { ...info }
  const pages = await Promise.all(Array.from({ length: document.numPages }, (_, place) => pageOf(document, place + 1)))
  const part: unknown = metadata?.get('pdfuaid:part')
  const read = {
    pages: document.numPages,
    language: String(known.Language),
    title: String(known.Title),
    author: String(known.Author),
    tagged: (await document.getMarkInfo())?.Marked === true,
    uaPart: typeof part === 'string' ? part : null,
    roles: pages.flatMap(({ roles }) => roles),
    read: pages.flatMap(({ read: texts }) => texts),
  }
  await task.destroy()
  return read
}
