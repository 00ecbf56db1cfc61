import type { LookupFunction } from 'node:net'
import { openClient } from '../../../src/platform/http/client.ts'
import type { NameServer } from '../../support/name-server.ts'
import { type Machine, naming } from '../../support/outward.ts'
import type { Chance } from '../../torture/chance.ts'

/** Names that mean something else as soon as they were asked for. */
export type Rebound = {
  readonly tried: number
  readonly answered: number
  readonly refused: number
  readonly inside: number
}

/** The one address of this machine that the operator of this hub has opened; each of the others is inside. */
const OPENED = '127.0.0.1'
const INSIDE = [
  '127.0.0.2',
  '127.8.8.8',
  '0.0.0.0',
  '10.0.0.1',
  '192.168.0.1',
  '169.254.169.254',
  '0:0:0:0:0:0:0:1',
  '0:0:0:0:0:ffff:7f00:2',
  'fd12:0:0:0:0:0:0:1',
] as const

type Where = {
  readonly machine: Machine
  readonly names: NameServer
  readonly chance: Chance
  readonly breaches: string[]
}

/** The address that was checked is the one that is called, whatever the name means when the connection is made. */
export const rebind = async ({ machine, names, chance, breaches }: Where, tries: number): Promise<Rebound> => {
  const meant = (): readonly string[] => {
    const inside: readonly string[] = Array.from({ length: chance.between(0, 3) }, () => chance.pick(...INSIDE))
    if (inside.length > 0 && chance.happens(0.5)) return inside
    return inside.toSpliced(chance.between(0, inside.length), 0, OPENED)
  }
  let told: readonly string[] = []
  const resolve: LookupFunction = (name, wanted, callback) =>
    names.resolve(name, wanted, (error, found, family) => {
      told = typeof found === 'string' ? [] : found.map(({ address }) => address)
      names.say(name, ...(told.includes(OPENED) ? [chance.pick(...INSIDE)] : [OPENED]))
      callback(error, found, family)
    })
  const authorities = [machine.authority.certificate]
  const client = openClient({ policy: naming(`${OPENED}/32`), resolve, authorities })
  const counted = { tried: 0, answered: 0, refused: 0 }
  const before = machine.met.length
  try {
    for (; counted.tried < tries; counted.tried++) {
      names.say('bank.example', ...meant())
      const url = `https://bank.example:${machine.https}/`
      const headers = { connection: 'close' }
      const outcome = await client.send({ method: 'GET', url, headers, timeoutMs: 10_000, maxBytes: 1_000 })
      const wanted = told.includes(OPENED) ? 'answered' : 'not_sent'
      if (outcome.kind !== wanted)
        breaches.push(`rebinding ${told.join(', ')}: ${JSON.stringify(outcome).slice(0, 300)}`)
      if (outcome.kind === 'answered') counted.answered++
      else counted.refused++
    }
  } finally {
    await client.close()
  }
  const inside = machine.met.slice(before).filter((address) => address !== OPENED)
  if (inside.length > 0) breaches.push(`rebinding led to ${[...new Set(inside)].join(', ')}`)
  return { ...counted, inside: inside.length }
}
