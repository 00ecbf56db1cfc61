import { familyConformance } from '../conformance/ipizza.ts'
import { swedbankEeChannel } from './channel.ts'
import { swedbankEe } from './index.ts'
import { swedbankEeSimulator } from './simulator.ts'

familyConformance({
  listed: swedbankEe,
  channel: swedbankEeChannel,
  simulator: swedbankEeSimulator,
  folder: new URL('.', import.meta.url),
  version: '009',
  heard: { cancel: ['psp refused declined', 'payer refused declined'] },
})
