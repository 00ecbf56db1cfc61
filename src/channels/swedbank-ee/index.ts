import { readFileSync } from 'node:fs'
import type { ListedChannel } from '../channel.ts'
import { swedbankEeChannel } from './channel.ts'

export const swedbankEe: ListedChannel = {
  channel: swedbankEeChannel,
  logo: readFileSync(new URL('./logo.svg', import.meta.url), 'utf8'),
  portrait: {
    psp: 'Swedbank, Estonia',
    country: 'EE',
    protocol: 'IPizza (Pangalink)',
    notice: 'GET to the return address, paid or not',
    certainty: 'B',
  },
}
