import { z } from 'zod'
import type { Channel } from './channel.ts'

/** One setting of an agreement, for people. */
export type Setting = {
  /** `askAfterSeconds.begun` for one within another. */
  readonly path: string
  readonly values: string
  /** `required`, `optional`, or its default. */
  readonly need: string
  readonly meaning: string
}

type Schema = z.core.JSONSchema.BaseSchema

/** As JSON Schema, of what is written in `cma.yaml`. */
export const settingsSchema = ({ settings }: Pick<Channel, 'settings'>) =>
  z.toJSONSchema(settings, { io: 'input', unrepresentable: 'any' })

/** Each setting, those within another one after it. */
export const settingsOf = (channel: Pick<Channel, 'settings'>): readonly Setting[] => rowsOf(settingsSchema(channel))

const rowsOf = (schema: Schema, above = ''): readonly Setting[] => {
  const required = new Set(schema.required ?? [])
  return Object.entries(schema.properties ?? {}).flatMap(([name, about]) => {
    if (typeof about === 'boolean') return []
    const { default: usual, description: meaning = '' } = about
    const need = usual !== undefined ? `default ${JSON.stringify(usual)}` : required.has(name) ? 'required' : 'optional'
    return [{ path: above + name, values: valuesOf(about), need, meaning }, ...rowsOf(about, `${above}${name}.`)]
  })
}

const valuesOf = ({ type, enum: values, items }: Schema): string => {
  if (values) return values.map(String).join(' | ')
  if (type === 'array' && typeof items === 'object' && !Array.isArray(items)) return `list of ${valuesOf(items)}`
  return String(type ?? '')
}
