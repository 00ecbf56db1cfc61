import { familyConformance } from '../conformance/ipizza.ts'
import { sebEeChannel } from './channel.ts'
import { sebEe } from './index.ts'
import { sebEeSimulator } from './simulator.ts'

familyConformance({
  listed: sebEe,
  channel: sebEeChannel,
  simulator: sebEeSimulator,
  folder: new URL('.', import.meta.url),
  version: '008',
})
