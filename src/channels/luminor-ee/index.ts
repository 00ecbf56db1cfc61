import { readFileSync } from 'node:fs'
import type { ListedChannel } from '../channel.ts'
import { luminorEeChannel } from './channel.ts'

export const luminorEe: ListedChannel = {
  channel: luminorEeChannel,
  logo: readFileSync(new URL('./logo.svg', import.meta.url), 'utf8'),
  portrait: {
    psp: 'Luminor, Estonia',
    country: 'EE',
    protocol: 'IPizza (Pangalink)',
    notice: 'GET or POST to the return address',
    certainty: 'C',
  },
}
