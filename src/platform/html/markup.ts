import { html as template } from 'hono/html'
import type { HtmlEscapedString } from 'hono/utils/html'

export { raw } from 'hono/html'

/** Finished markup; anything else that enters a template is escaped. */
export type Html = HtmlEscapedString

/** What may stand in a template. False and undefined are left out, lists are joined. */
export type Part = Html | string | number | false | undefined | readonly Part[]

/** Markup from a tagged template: text is escaped, also within quoted attributes. Throws only if a part is a promise, which the type forbids. */
export const html = (strings: TemplateStringsArray, ...parts: readonly Part[]): Html => {
  const made = template(strings, ...parts)
  if (made instanceof Promise) throw new Error('a promise in a template')
  return made
}

/** An attribute with its leading blank, or nothing: `true` writes the bare name. */
export const attribute = (name: string, value: string | number | boolean | undefined): Part => {
  if (value === undefined || value === false) return undefined
  return value === true ? html` ${name}` : html` ${name}="${value}"`
}
