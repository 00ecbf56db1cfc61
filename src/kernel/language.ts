/** ISO 639-1, lower case. Which languages the pages speak is decided by the files in `platform/texts`. */
export type Language = string

/** One text in several languages, at least one. */
export type Localized = Readonly<Record<Language, string>>

/** The text in the language asked for, else in the first that exists of `fallbacks`, else the first there is. */
export const inLanguage = (
  text: Localized,
  language: Language,
  fallbacks: readonly Language[] = ['en', 'lv'],
): string => {
  for (const candidate of [language, ...fallbacks]) {
    const found = text[candidate]
    if (found !== undefined) return found
  }
  return Object.values(text)[0] ?? ''
}
