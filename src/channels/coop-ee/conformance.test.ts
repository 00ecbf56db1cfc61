import { familyConformance } from '../conformance/ipizza.ts'
import { coopEeChannel } from './channel.ts'
import { coopEe } from './index.ts'
import { coopEeSimulator } from './simulator.ts'

familyConformance({
  listed: coopEe,
  channel: coopEeChannel,
  simulator: coopEeSimulator,
  folder: new URL('.', import.meta.url),
  version: '008',
})
