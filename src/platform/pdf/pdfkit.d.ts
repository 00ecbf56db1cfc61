/** What is used here of pdfkit and of the fonts it reads. The types that others publish for it lack tagged tables and PDF/UA. */
declare module 'fontkit' {
  interface Font {
    readonly postscriptName: string
  }
  const create: (file: Buffer) => Font

  export type { Font }
  export { create }
}

declare module 'pdfkit' {
  type Children = (() => void) | Structure
  interface Structure {
    add(child: Children): this
    end(): void
  }
  interface Document {
    /** Where the next line begins, in points from the top. */
    y: number
    on(event: 'data', hear: (chunk: Buffer) => void): this
    on(event: 'end', hear: () => void): this
    on(event: 'error', hear: (fault: Error) => void): this
    end(): void
    addPage(): this
    registerFont(name: string, font: import('fontkit').Font): this
    font(name: string): this
    fontSize(points: number): this
    fillColor(colour: string): this
    text(text: string, left: number, top: number, options?: { readonly width: number }): this
    heightOfString(text: string, options: { readonly width: number }): number
    image(png: Buffer, left: number, top: number, options: { readonly fit: readonly [number, number] }): this
    moveTo(left: number, top: number): this
    lineTo(left: number, top: number): this
    lineWidth(points: number): this
    strokeColor(colour: string): this
    stroke(): this
    struct(type: string, children?: Children): Structure
    struct(type: string, options: { readonly scope: 'Row' | 'Column' }, children: Children): Structure
    addStructure(structure: Structure): this
    markContent(tag: 'Artifact', options: { readonly type: 'Layout' }): this
    endMarkedContent(): this
  }
  const PDFDocument: new (options: {
    readonly size: readonly [number, number]
    readonly margin: number
    readonly pdfVersion: '1.7'
    readonly subset: 'PDF/UA'
    readonly tagged: true
    readonly lang: string
    readonly displayTitle: true
    readonly info: { readonly Title: string; readonly Author: string; readonly CreationDate: object }
  }) => Document

  export type { Document, Structure }
  // biome-ignore lint/style/noDefaultExport: the package has no other
  export { PDFDocument as default }
}
