import { familyConformance } from '../conformance/ipizza.ts'
import { lhvEeChannel } from './channel.ts'
import { lhvEe } from './index.ts'
import { lhvEeSimulator } from './simulator.ts'

familyConformance({
  listed: lhvEe,
  channel: lhvEeChannel,
  simulator: lhvEeSimulator,
  folder: new URL('.', import.meta.url),
  version: '008',
})
