import { readFileSync } from 'node:fs'
import type { ListedChannel } from '../channel.ts'
import { sandboxChannel } from './channel.ts'

/** Our own bogus bank: the first payment in five minutes, every outcome on demand. */
export const sandbox: ListedChannel = {
  channel: sandboxChannel,
  logo: readFileSync(new URL('./logo.svg', import.meta.url), 'utf8'),
}
