import { readFileSync } from 'node:fs'
import type { ListedChannel } from '../channel.ts'
import { coopEeChannel } from './channel.ts'

export const coopEe: ListedChannel = {
  channel: coopEeChannel,
  logo: readFileSync(new URL('./logo.svg', import.meta.url), 'utf8'),
  portrait: {
    psp: 'Coop Pank, Estonia',
    country: 'EE',
    protocol: 'IPizza (Pangalink)',
    notice: 'GET or POST to the return address',
    certainty: 'C',
  },
}
