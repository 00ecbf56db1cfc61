import { readFileSync } from 'node:fs'
import type { ListedChannel } from '../channel.ts'
import { swedbankEeChannel } from './channel.ts'

export const swedbankEe: ListedChannel = {
  channel: swedbankEeChannel,
  logo: readFileSync(new URL('./logo.svg', import.meta.url), 'utf8'),
}
