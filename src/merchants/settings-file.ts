import { z } from 'zod'
import type { Agreement, Channel } from '../channels/channel.ts'
import { fail, ok, type Result } from '../kernel/result.ts'
import type { Instant } from '../kernel/time.ts'
import { openKeyring } from '../platform/crypto/index.ts'
import { agreementWith } from './agreement.ts'
import { readKeys } from './key-entries.ts'
import { checked, type Problem, parseLocated } from './located.ts'

const settingsFile = z.strictObject({
  settings: z.record(z.string(), z.unknown()),
  keys: z.record(z.string(), z.unknown()).default({}),
})

export type Moment = { readonly now: Instant; readonly nonce: string }

/**
 * Reads the `--settings` file of `message read` and `message begin`: an agreement as in `cma.yaml`, with its keys written out, and no
 * database. Errors: each with its line.
 */
export const readSettingsFile = async (
  file: string,
  text: string,
  channel: Channel,
): Promise<Result<(moment: Moment) => Agreement<unknown>, readonly Problem[]>> => {
  const located = parseLocated(file, text)
  if (!located.ok) return located
  const parsed = checked(located.value, settingsFile, located.value.value)
  if (!parsed.ok) return parsed
  const settings = checked(located.value, channel.settings, parsed.value.settings, ['settings'])
  const keys = await readKeys(located.value, ['keys'], parsed.value.keys, channel.keys, { keys: 'literal' })
  if (!settings.ok || !keys.ok) return fail([...(settings.ok ? [] : settings.error), ...(keys.ok ? [] : keys.error)])
  const ring = openKeyring(
    keys.value.flatMap(({ key, ...rest }) => (key.kind === 'stored' ? [] : [{ ...rest, material: key }])),
  )
  return ok((moment) => agreementWith({ id: 'settings-file', settings: settings.value, ring, ...moment }))
}
