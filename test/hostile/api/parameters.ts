import type { Chance } from '../../torture/chance.ts'
import type { ApiDocument, ApiParameter, Schema } from './document.ts'
import { type Fault, faultsOf } from './fits.ts'
import { jsonText } from './strange.ts'
import { brokenOf, edgesOf } from './values.ts'

/** Parameters are texts, whatever the document reads out of them. */

type Shapes = ApiDocument['shapes']

/** Where the document says number it must be written as one. Blanks around a header are no part of it. */
export const parameterFaults = (
  shapes: Shapes,
  { name, in: place, schema }: ApiParameter,
  text: string,
): readonly Fault[] => faultsOf(shapes, schema, readAs(schema, place === 'header' ? text.trim() : text), { at: name })

const readAs = ({ type }: Schema, text: string): unknown =>
  type === 'integer' && /^-?(0|[1-9]\d*)$/.test(text) ? Number(text) : text

/** At the limits of what the document allows, and beyond them. */
export const parameterTexts = (
  shapes: Shapes,
  parameter: ApiParameter,
  chance: Chance,
): { readonly right: readonly string[]; readonly wrong: readonly string[] } => {
  const { in: place, schema } = parameter
  const fits = (text: string): boolean => parameterFaults(shapes, parameter, text).length === 0
  const written = (values: readonly unknown[]): readonly string[] => {
    const texts = values.map((value) =>
      typeof value === 'string' && !value.startsWith('\u0001') ? value : jsonText(value),
    )
    return [...new Set(texts)].filter((text) => place !== 'header' || HEADER.test(text))
  }
  return {
    right: written(edgesOf(shapes, schema, chance)).filter(fits),
    wrong: written(brokenOf(shapes, schema, chance)).filter((text) => !fits(text)),
  }
}

/** What can be sent as a header at all. */
const HEADER = /^[\t\x20-\x7e\x80-\xff]*$/
