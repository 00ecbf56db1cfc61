import { readFileSync } from 'node:fs'
import type { ListedChannel } from '../channel.ts'
import { sebLvChannel } from './channel.ts'

export const sebLv: ListedChannel = {
  channel: sebLvChannel,
  logo: readFileSync(new URL('./logo.svg', import.meta.url), 'utf8'),
  portrait: {
    psp: 'SEB, Latvia',
    country: 'LV',
    protocol: 'SEB e-Link',
    services: '0002 → 0003, 0004',
    notice: 'POST or GET: accepted, again each minute until HTTP 200, then executed; or cancelled',
    certainty: 'A',
  },
}
