import { readFileSync } from 'node:fs'
import type { ListedChannel } from '../channel.ts'
import { sebLvChannel } from './channel.ts'

export const sebLv: ListedChannel = {
  channel: sebLvChannel,
  logo: readFileSync(new URL('./logo.svg', import.meta.url), 'utf8'),
}
