import type { ListedChannel } from './channel.ts'
import { sandbox } from './sandbox/index.ts'
import { swedbankLv } from './swedbank-lv/index.ts'

export type * from './channel.ts'

/** Every channel there is. A new one is its folder and a line here (and one in `simulators.ts`). */
export const channels: readonly ListedChannel[] = [swedbankLv, sandbox]
