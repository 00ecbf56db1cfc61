/** Texts for a payer's bank statement: one line, in the letters that the bank has, no longer than its field. */

/** One line without control characters, edges or doubled spaces: browsers rewrite line ends in forms, and some banks trim. */
export const oneLine = (text: string): string =>
  text
    .replaceAll(/\p{Surrogate}/gu, '?')
    .normalize('NFC')
    .replaceAll(/[\s\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim()

/** The longest beginning that fits, by whole code points. `measure` gives a length in the bank's own unit. */
export const cutTo = (text: string, max: number, measure: (text: string) => number): string => {
  if (measure(text) <= max) return text.trimEnd()
  let kept = ''
  for (const letter of text) {
    if (measure(kept + letter) > max) break
    kept += letter
  }
  return kept.trimEnd()
}

/**
 * Replaces each letter that a charset lacks by the nearest it has: without its mark (`ķ` → `k`), by our table (`–` → `-`, `Ж` → `Zh`),
 * else by `?`. Letters it has stay as they are.
 */
export const transliterate = (text: string, has: (letter: string) => boolean): string =>
  Array.from(text, (letter) => (has(letter) ? letter : nearest(letter, has))).join('')

const nearest = (letter: string, has: (letter: string) => boolean): string => {
  const plain = letter.normalize('NFD').replaceAll(/\p{M}/gu, '')
  const candidates = [plain, REPLACED[letter], REPLACED[plain], capitalised(plain), letter.normalize('NFKC')]
  const fitting = candidates.find((text) => text !== undefined && text !== '' && [...text].every(has))
  return fitting ?? (has('?') ? '?' : '')
}

/** A capital letter by the entry of its small one: `Щ` → `Shch`. */
const capitalised = (letter: string): string | undefined => {
  const small = letter.toLowerCase()
  const replaced = small === letter ? undefined : REPLACED[small]
  return replaced === undefined ? undefined : replaced.charAt(0).toUpperCase() + replaced.slice(1)
}

/** Punctuation that word processors write, letters without a decomposition, and Cyrillic as in passports (ICAO 9303), its soft sign as '. */
const REPLACED: Readonly<Record<string, string>> = {
  '–': '-',
  '—': '-',
  '‑': '-',
  '−': '-',
  '„': '"',
  '“': '"',
  '”': '"',
  '«': '"',
  '»': '"',
  '‘': "'",
  '’': "'",
  '‚': "'",
  '…': '...',
  '•': '-',
  '№': 'Nr.',
  '€': 'EUR',
  '×': 'x',
  ß: 'ss',
  æ: 'ae',
  Æ: 'AE',
  œ: 'oe',
  Œ: 'OE',
  ø: 'o',
  Ø: 'O',
  ł: 'l',
  Ł: 'L',
  đ: 'd',
  Đ: 'D',
  ð: 'd',
  þ: 'th',
  ı: 'i',
  а: 'a',
  б: 'b',
  в: 'v',
  г: 'g',
  ґ: 'g',
  д: 'd',
  е: 'e',
  є: 'ie',
  ж: 'zh',
  з: 'z',
  и: 'i',
  і: 'i',
  к: 'k',
  л: 'l',
  м: 'm',
  н: 'n',
  о: 'o',
  п: 'p',
  р: 'r',
  с: 's',
  т: 't',
  у: 'u',
  ф: 'f',
  х: 'kh',
  ц: 'ts',
  ч: 'ch',
  ш: 'sh',
  щ: 'shch',
  ъ: 'ie',
  ы: 'y',
  ь: "'",
  э: 'e',
  ю: 'iu',
  я: 'ia',
}
