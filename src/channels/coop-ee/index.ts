import { readFileSync } from 'node:fs'
import type { ListedChannel } from '../channel.ts'
import { coopEeChannel } from './channel.ts'

export const coopEe: ListedChannel = {
  channel: coopEeChannel,
  logo: readFileSync(new URL('./logo.svg', import.meta.url), 'utf8'),
}
