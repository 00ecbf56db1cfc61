import { z } from 'zod'
import { checkSignature } from '../../src/sdk/signature.ts'
import { type Callee, happens, type Wire } from './network.ts'
import type { Outside } from './outside.ts'
import { SHOP_ROOT } from './places.ts'

const Notice = z.object({ sequence: z.number(), data: z.object({ payment: z.object({ id: z.string() }).loose() }) })

/** The e-service's address for notices: it understands, fails, or understands and fails to say so. */
export const openListener = (
  wire: Wire,
  outside: Outside,
  keys: readonly string[],
): Callee & { readonly root: string } => {
  const known = new Set<string>()
  return {
    root: SHOP_ROOT,
    name: 'the e-service',
    away: wire.weather.listenerAway,
    take: async ({ headers, body = '' }) => {
      const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body
      const id = headers['webhook-id'] ?? ''
      const fault = checkSignature(
        { id, timestamp: headers['webhook-timestamp'], signature: headers['webhook-signature'], body: bytes },
        keys,
        wire.stage.now(),
      )
      if (fault) {
        outside.breaches.push(`a notice does not verify: ${fault}`)
        return { status: 400, body: '' }
      }
      if (happens(wire, wire.weather.listenerFails / 2)) return { status: 500, body: '' }
      const { sequence, data } = Notice.parse(JSON.parse(new TextDecoder().decode(bytes)))
      if (happens(wire, wire.weather.listenerFails / 2)) return undefined
      const first = !known.has(id)
      known.add(id)
      outside.heard.push({ id, payment: data.payment.id, sequence, at: wire.stage.now(), first })
      return { status: 200, body: '' }
    },
  }
}
