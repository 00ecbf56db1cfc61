import { familyConformance } from '../conformance/ipizza.ts'
import { swedbankLvChannel } from './channel.ts'
import { swedbankLv } from './index.ts'
import { swedbankLvSimulator } from './simulator.ts'

for (const version of ['009', '008'] as const) {
  familyConformance({
    listed: swedbankLv,
    channel: swedbankLvChannel,
    simulator: swedbankLvSimulator,
    folder: new URL('.', import.meta.url),
    vectors: new URL('./vectors/', import.meta.url),
    version,
  })
}
