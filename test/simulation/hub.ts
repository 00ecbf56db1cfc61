import { compose } from '../../src/app/compose.ts'
import type { SentMessage } from '../../src/channels/simulator.ts'
import type { Random } from '../../src/kernel/ids.ts'
import { SECOND_MS } from '../../src/kernel/time.ts'
import type { Chance } from '../torture/chance.ts'
import { openBanks } from './banks.ts'
import { type Breakage, openSimulatedDatabase } from './database.ts'
import type { Installation } from './installation.ts'
import { openListener } from './listener.ts'
import { askHub, type HubNode, happens, simulatedClient, turnMs, type Wire } from './network.ts'
import type { Outside } from './outside.ts'
import { noteTold, type Surroundings, withOneOther } from './people.ts'
import { BANK_ROOT, SHOP_ROOT } from './places.ts'

const randomFrom =
  (chance: Chance): Random =>
  (size) =>
    Uint8Array.from({ length: size }, () => chance.between(0, 255))

/** The whole hub in its world: nodes that die and come again, behind a load balancer, on one database. */
export type HubAtWork = {
  readonly around: Surroundings
  /** Starts all nodes. */
  raise(): void
  /** Has somebody do what is due, if anybody can. */
  wake(kind: 'jobs' | 'notices'): void
  crashes(): number
  /** Whether what is due, and when, may have changed since this was asked last. */
  moved(): boolean
}

/** A process that died is started again by whoever watches it. */
const RESTART_MS = 3 * SECOND_MS

export const openHub = (installation: Installation, wire: Wire, outside: Outside): HubAtWork => {
  const { stage, chance, weather, tell } = wire
  const random = randomFrom(chance)
  const nodes: HubNode[] = []
  let crashes = 0
  let hasMoved = true

  const banks = openBanks({ wire, random, deliver: (message, channel) => deliver(message, channel) })
  const listener = openListener(wire, outside, installation.noticeKeys)
  const calleeOf = (url: string) =>
    url.startsWith(BANK_ROOT) ? banks.callee : url.startsWith(SHOP_ROOT) ? listener : undefined
  const ask: Surroundings['ask'] = (what, request) => askHub(wire, nodes, what, request)

  const deliver = async (message: SentMessage, channel: string): Promise<boolean> => {
    const isSpoilt = happens(wire, weather.corrupted)
    const { method, headers } = message
    const { url, body } = isSpoilt ? spoilt(message, chance) : message
    const answer = await ask(
      `notice of ${channel}${isSpoilt ? ', spoilt on its way' : ''}`,
      () =>
        new Request(url, {
          method,
          headers: { ...headers },
          ...(method === 'POST' ? { body: new Uint8Array(body) } : {}),
        }),
    )
    const taken = answer !== undefined && answer.status < 300
    if (taken && !isSpoilt) noteTold({ outside, wire }, channel, `${url} ${new TextDecoder().decode(body)}`)
    return answer?.status === 200
  }

  const boot = (place: number): void => {
    const process = { name: `node ${String.fromCharCode(65 + place)}`, alive: true }
    const clock = { now: () => stage.now() + (weather.skewMs[place] ?? 0) }
    const node: HubNode = { process, composed: undefined, underWay: new Set(), draining: new Set() }
    nodes[place] = node
    const moved = (): void => {
      hasMoved = true
    }
    const died = (at: string, how: string): void => {
      crashes++
      tell(`${process.name} dies: ${how} ${at}`)
      for (const over of [...node.underWay]) over()
      stage.plan(stage.now() + RESTART_MS, () => boot(place))
    }
    const breaks = (): Breakage | undefined => {
      if (node.composed === undefined) return undefined
      if (happens(wire, weather.crash)) return chance.pick('crash_before', 'crash_after')
      if (happens(wire, weather.cut)) return chance.pick('cut_before', 'cut_after')
      return undefined
    }
    stage.start(`${process.name} starts`, process, async () => {
      const db = openSimulatedDatabase({
        stage,
        process,
        pool: installation.pool,
        clock,
        turnMs: () => turnMs(wire),
        breaks,
        forgets: () => happens(wire, weather.forgets),
        died,
        moved,
      })
      const client = simulatedClient(wire, process, calleeOf)
      const modules = ['payments'] as const
      const composed = await compose({
        ...installation.parts,
        db,
        clock,
        random,
        client,
        modules,
        elapsedMs: () => 0,
        pause: (ms) => stage.until(stage.now() + ms),
      })
      await composed.merchants.directory()
      await composed.hub.numbers.next()
      await composed.tokens.jwks()
      node.composed = composed
      tell(`${process.name} is ready`)
    })
  }

  return {
    around: { wire, banks, outside, apiKey: installation.apiKey, ask },
    raise: () => {
      for (let place = 0; place < weather.nodes; place++) boot(place)
      const { from, until, calls } = weather.bankMood
      if (from < until) {
        stage.plan(from, () => banks.setMood(calls))
        stage.plan(until, () => banks.setMood('well'))
      }
    },
    wake: (kind) => {
      const idle = nodes.filter((node) => node.process.alive && node.composed && !node.draining.has(kind))
      const node = idle[chance.between(0, Math.max(idle.length - 1, 0))]
      const composed = node?.composed
      if (!node || !composed) return
      node.draining.add(kind)
      stage.start(`${node.process.name} ${kind}`, node.process, async () => {
        // As the loops of a hub at work: what fails is told, and taken up again at the next turn.
        const work = kind === 'jobs' ? composed.drain() : composed.notices.round()
        await work.then(
          () => tell(`${node.process.name} has worked at ${kind}`),
          (fault: unknown) => tell(`${node.process.name} fails at ${kind}: ${String(fault)}`),
        )
        node.draining.delete(kind)
      })
    },
    crashes: () => crashes,
    moved: () => {
      const was = hasMoved
      hasMoved = false
      return was
    },
  }
}

/** One byte of it changed, or one letter of the address where all is in that. */
const spoilt = ({ url, body }: SentMessage, chance: Chance): Pick<SentMessage, 'url' | 'body'> => {
  if (body.length === 0) return { url: withOneOther(url, chance), body }
  const copy = Uint8Array.from(body)
  const place = chance.between(0, copy.length - 1)
  copy[place] = (copy[place] ?? 0) ^ (1 << chance.between(0, 6))
  return { url, body: copy }
}
