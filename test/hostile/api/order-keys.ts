import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Keys with which e-services sign orders, made for this run: ours, and another e-service's. */
export type OrderKeys = {
  readonly ours: { readonly privateKey: KeyObject; readonly publicKey: KeyObject }
  readonly theirs: { readonly privateKey: KeyObject; readonly publicKey: KeyObject }
  /** `cma.yaml` with both registered. */
  readonly registered: (text: string) => string
  remove(): void
}

export const orderKeys = (): OrderKeys => {
  const [ours, theirs] = [generateKeyPairSync('ed25519'), generateKeyPairSync('ed25519')]
  const folder = mkdtempSync(join(tmpdir(), 'order-keys-'))
  const entry = (id: string, { publicKey }: OrderKeys['ours']): string => {
    const file = join(folder, id)
    writeFileSync(file, publicKey.export({ type: 'spki', format: 'pem' }).toString())
    return `      - id: ${id}\n        orderKeys: [{ publicKey: { file: "${file}" } }]\n`
  }
  const entries = { 'property-tax': entry('property-tax', ours), kindergarten: entry('kindergarten', theirs) }
  return {
    ours,
    theirs,
    registered: (text) =>
      Object.entries(entries).reduce((all, [id, own]) => all.replace(`      - id: ${id}\n`, own), text),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}
