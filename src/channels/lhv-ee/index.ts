import { readFileSync } from 'node:fs'
import type { ListedChannel } from '../channel.ts'
import { lhvEeChannel } from './channel.ts'

export const lhvEe: ListedChannel = {
  channel: lhvEeChannel,
  logo: readFileSync(new URL('./logo.svg', import.meta.url), 'utf8'),
  portrait: {
    psp: 'LHV, Estonia',
    country: 'EE',
    protocol: 'IPizza (Pangalink)',
    notice: 'GET or POST to the return address',
    certainty: 'B',
  },
}
