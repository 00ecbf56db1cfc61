import { familyConformance } from '../conformance/ipizza.ts'
import { sebLtChannel } from './channel.ts'
import { sebLt } from './index.ts'
import { sebLtSimulator } from './simulator.ts'

familyConformance({
  listed: sebLt,
  channel: sebLtChannel,
  simulator: sebLtSimulator,
  folder: new URL('.', import.meta.url),
  version: '009',
  bankId: 'SEBLT',
  heard: { accepted_first: ['psp accepted', 'payer accepted', 'psp paid'] },
})
