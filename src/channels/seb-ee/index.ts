import { readFileSync } from 'node:fs'
import type { ListedChannel } from '../channel.ts'
import { sebEeChannel } from './channel.ts'

export const sebEe: ListedChannel = {
  channel: sebEeChannel,
  logo: readFileSync(new URL('./logo.svg', import.meta.url), 'utf8'),
  portrait: {
    psp: 'SEB, Estonia',
    country: 'EE',
    protocol: 'IPizza (Pangalink)',
    notice: 'GET or POST to the return address',
    certainty: 'B',
  },
}
