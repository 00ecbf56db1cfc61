import { readFileSync } from 'node:fs'
import type { ListedChannel } from '../channel.ts'
import { luminorEeChannel } from './channel.ts'

export const luminorEe: ListedChannel = {
  channel: luminorEeChannel,
  logo: readFileSync(new URL('./logo.svg', import.meta.url), 'utf8'),
}
