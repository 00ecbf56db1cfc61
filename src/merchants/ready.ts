import type { Channel, ListedChannel } from '../channels/channel.ts'
import { isFixture, type KeyMaterial, type Keyring, openKeyring } from '../platform/crypto/index.ts'
import type { Mode } from './directory.ts'
import { sentenceOf } from './sentences.ts'
import type { StoredAgreement, StoredKey } from './stored.ts'

/** An agreement that can begin, read and enquire: its settings parsed, its keys opened. */
export type Ready = { readonly channel: Channel; readonly settings: unknown; readonly ring: Keyring }

/** An agreement is stored that this hub cannot use as it stands: a fault of its configuration, told by `findings` too. */
export class AgreementUnusable extends Error {
  override readonly name = 'AgreementUnusable'
}

export type Tools = {
  readonly channels: readonly ListedChannel[]
  readonly mode: Mode
  materialOf(agreement: StoredAgreement, key: StoredKey): KeyMaterial
}

/** Throws `AgreementUnusable` and says why. */
export const makeReady = (agreement: StoredAgreement, { channels, mode, materialOf }: Tools): Ready => {
  const unusable = (why: string) => new AgreementUnusable(`agreement ${agreement.id}: ${why}`)
  const channel = channels.find((listed) => listed.channel.id === agreement.channel)?.channel
  if (!channel) throw unusable(`the channel ${agreement.channel} is not part of this hub`)
  const settings = channel.settings.safeParse(agreement.settings)
  if (!settings.success) {
    const [issue] = settings.error.issues
    throw unusable(`settings.${issue?.path.join('.')} ${issue ? sentenceOf(issue, undefined) : ''}: apply them anew`)
  }
  const keys = agreement.keys.map((key) => ({ ...key, material: materialOf(agreement, key) }))
  const fixture = mode === 'live' ? keys.find(({ material }) => isFixture(material)) : undefined
  if (fixture) throw unusable(`the key "${fixture.name}" is a test key that everybody knows, refused in live mode`)
  return { channel, settings: settings.data, ring: openKeyring(keys) }
}
