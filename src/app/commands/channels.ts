import { type Channel, channels } from '../../channels/index.ts'
import { settingsOf, settingsSchema } from '../../channels/settings.ts'
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
  if (options.json) {
    printJson({ channel: id, settings: settingsSchema(found), keys: found.keys })
    return EXIT.done
  }
  const settings = settingsOf(found).map(({ path, values, need, meaning }) => [path, values, need, meaning])
  const keys = Object.entries(found.keys).map(([name, key]) => [
    name,
    key.kind,
    key.optional ? 'optional' : 'required',
    key.purpose,
  ])
  print(`${table(['SETTING', 'VALUES', '', 'MEANING'], settings)}\n\n${table(['KEY', 'KIND', '', 'PURPOSE'], keys)}`)
  return EXIT.done
}
