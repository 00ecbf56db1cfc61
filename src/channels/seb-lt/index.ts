import { readFileSync } from 'node:fs'
import type { ListedChannel } from '../channel.ts'
import { sebLtChannel } from './channel.ts'

export const sebLt: ListedChannel = {
  channel: sebLtChannel,
  logo: readFileSync(new URL('./logo.svg', import.meta.url), 'utf8'),
  portrait: {
    psp: 'SEB, Lithuania',
    country: 'LT',
    protocol: 'IPizza (Pangalink)',
    notice: 'GET or POST to the return address; taken for processing (1201) may come first',
    certainty: 'C',
  },
}
