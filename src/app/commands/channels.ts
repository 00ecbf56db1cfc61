import { z } from 'zod'
import { type Channel, channels } from '../../channels/index.ts'
import { inLanguage } from '../../kernel/language.ts'
import { badInput, EXIT, type Exit, print, printJson, table } from './output.ts'

/** What the hub can speak to. */
export const listChannels = (options: { readonly json?: boolean }): Exit => {
  const rows = channels.map(({ channel }) => ({
    id: channel.id,
    name: inLanguage(channel.name, 'en'),
    abilities: [
      'begin',
      'read',
      ...(channel.enquire ? ['enquire'] : []),
      ...(channel.refund ? ['refund'] : []),
      ...(channel.offers ? ['offers'] : []),
    ],
    keys: Object.keys(channel.keys),
  }))
  if (options.json) printJson(rows)
  else {
    const cells = rows.map((row) => [row.id, row.name, row.abilities.join(' '), row.keys.join(' ')])
    print(table(['CHANNEL', 'NAME', 'CAN', 'KEYS'], cells))
  }
  return EXIT.done
}

export const channelOf = (id: string): Channel => {
  const found = channels.find(({ channel }) => channel.id === id)?.channel
  if (found) return found
  throw badInput(`there is no channel "${id}": there are ${channels.map(({ channel }) => channel.id).join(', ')}`)
}

/** What an agreement of a channel must bring: its settings as JSON Schema, and its keys. */
export const showSettings = (id: string, options: { readonly json?: boolean }): Exit => {
  const found = channelOf(id)
  const schema = z.toJSONSchema(found.settings, { io: 'input', unrepresentable: 'any' })
  if (options.json) {
    printJson({ channel: id, settings: schema, keys: found.keys })
    return EXIT.done
  }
  const settings = settingRows(schema)
  const keys = Object.entries(found.keys).map(([name, key]) => [
    name,
    key.kind,
    key.optional ? 'optional' : 'required',
    key.purpose,
  ])
  print(`${table(['SETTING', 'VALUES', '', 'MEANING'], settings)}\n\n${table(['KEY', 'KIND', '', 'PURPOSE'], keys)}`)
  return EXIT.done
}

type Schema = z.core.JSONSchema.BaseSchema

/** A row each, those within a setting below it, by their path. */
const settingRows = (schema: Schema, above = ''): readonly (readonly string[])[] => {
  const required = new Set(schema.required ?? [])
  return Object.entries(schema.properties ?? {}).flatMap(([name, about]) => {
    if (typeof about === 'boolean') return []
    const { default: usual, description = '' } = about
    const need = usual !== undefined ? `default ${JSON.stringify(usual)}` : required.has(name) ? 'required' : 'optional'
    return [[above + name, valuesOf(about), need, description], ...settingRows(about, `${above}${name}.`)]
  })
}

const valuesOf = ({ type, enum: values, items }: Schema): string => {
  if (values) return values.map(String).join(' | ')
  if (type === 'array' && typeof items === 'object' && !Array.isArray(items)) return `list of ${valuesOf(items)}`
  return String(type ?? '')
}
