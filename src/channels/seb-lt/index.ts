import { readFileSync } from 'node:fs'
import type { ListedChannel } from '../channel.ts'
import { sebLtChannel } from './channel.ts'

export const sebLt: ListedChannel = {
  channel: sebLtChannel,
  logo: readFileSync(new URL('./logo.svg', import.meta.url), 'utf8'),
}
