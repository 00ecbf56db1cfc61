import { readFileSync } from 'node:fs'
import type { ListedChannel } from '../channel.ts'
import { swedbankLvChannel } from './channel.ts'

export const swedbankLv: ListedChannel = {
  channel: swedbankLvChannel,
  logo: readFileSync(new URL('./logo.svg', import.meta.url), 'utf8'),
  portrait: {
    psp: 'Swedbank, Latvia',
    country: 'LV',
    protocol: 'IPizza (Pangalink)',
    notice: 'GET to the return address when it was paid; nothing when it was not',
    certainty: 'A',
  },
}
