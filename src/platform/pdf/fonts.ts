import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Font } from 'fontkit'

/** Noto Sans (SIL Open Font License 1.1): Latin with all of Latvian, Cyrillic and Greek. A document holds only the letters it uses. */
const PACKAGE = '@expo-google-fonts/noto-sans'

const resolve = createRequire(import.meta.url).resolve
const read = (file: string): Buffer => readFileSync(resolve(`${PACKAGE}/${file}`))

type Both<Kind> = { readonly regular: Kind; readonly bold: Kind }

let files: Both<Buffer> | undefined
export const fontFiles = (): Both<Buffer> => {
  files ??= { regular: read('400Regular/NotoSans_400Regular.ttf'), bold: read('700Bold/NotoSans_700Bold.ttf') }
  return files
}

let parsed: Both<Font> | undefined
/** Read when the first document is made, and once: reading them costs ten times what the document does (100 ms and 10 ms measured). */
export const fonts = async (): Promise<Both<Font>> => {
  const { create } = await import('fontkit')
  const { regular, bold } = fontFiles()
  parsed ??= { regular: create(regular), bold: create(bold) }
  return parsed
}

/**
 * A font keeps each glyph with the letters it was first asked for, and one glyph may stand for several: a hyphen and a soft hyphen. Without
 * this a document's text could be copied from it in the letters of another one. To be called where a document begins to be drawn.
 */
export const forgetGlyphs = ({ regular, bold }: Both<Font>): void => {
  // fontkit 2 has no call for it; a test sees whether the name still fits.
  for (const font of [regular, bold]) Reflect.set(font, '_glyphs', {})
}
