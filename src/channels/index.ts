import type { ListedChannel } from './channel.ts'
import { coopEe } from './coop-ee/index.ts'
import { lhvEe } from './lhv-ee/index.ts'
import { luminorEe } from './luminor-ee/index.ts'
import { sandbox } from './sandbox/index.ts'
import { sebEe } from './seb-ee/index.ts'
import { sebLt } from './seb-lt/index.ts'
import { sebLv } from './seb-lv/index.ts'
import { swedbankEe } from './swedbank-ee/index.ts'
import { swedbankLv } from './swedbank-lv/index.ts'

export type * from './channel.ts'

/** Every channel there is. A new one is its folder and a line here (and one in `simulators.ts`). */
export const channels: readonly ListedChannel[] = [
  swedbankLv,
  sebLv,
  swedbankEe,
  sebEe,
  lhvEe,
  luminorEe,
  coopEe,
  sebLt,
  sandbox,
]
