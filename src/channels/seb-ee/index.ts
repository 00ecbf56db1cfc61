import { readFileSync } from 'node:fs'
import type { ListedChannel } from '../channel.ts'
import { sebEeChannel } from './channel.ts'

export const sebEe: ListedChannel = {
  channel: sebEeChannel,
  logo: readFileSync(new URL('./logo.svg', import.meta.url), 'utf8'),
}
