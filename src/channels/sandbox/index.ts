import { readFileSync } from 'node:fs'
import type { ListedChannel } from '../channel.ts'
import { sandboxChannel } from './channel.ts'

/** Our own bogus bank: the first payment in five minutes, every outcome on demand. */
export const sandbox: ListedChannel = {
  channel: sandboxChannel,
  logo: readFileSync(new URL('./logo.svg', import.meta.url), 'utf8'),
  portrait: {
    psp: 'our own bogus bank, in test mode only',
    protocol: 'JSON over HTTPS',
    services: '`POST /payments`',
    notice: 'POST of signed JSON, again each minute until HTTP 200, ten times',
    certainty: 'A',
  },
}
