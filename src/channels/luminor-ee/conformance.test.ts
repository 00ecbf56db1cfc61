import { familyConformance } from '../conformance/ipizza.ts'
import { luminorEeChannel } from './channel.ts'
import { luminorEe } from './index.ts'
import { luminorEeSimulator } from './simulator.ts'

familyConformance({
  listed: luminorEe,
  channel: luminorEeChannel,
  simulator: luminorEeSimulator,
  folder: new URL('.', import.meta.url),
  version: '008',
})
