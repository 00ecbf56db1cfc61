import type { Composed } from '../../src/app/compose.ts'
import { type Instant, MINUTE_MS, SECOND_MS } from '../../src/kernel/time.ts'
import type { HttpClient, OutboundRequest, Outcome } from '../../src/platform/http/client.ts'
import type { Chance } from '../torture/chance.ts'
import type { Process, Stage } from './stage.ts'
import type { Span, Weather } from './weather.ts'

/** One process of the hub: what it serves, and what it is busy with. */
export type HubNode = {
  readonly process: Process
  composed: Composed | undefined
  /** Callers who wait for its answer: told when it dies. */
  readonly underWay: Set<() => void>
  readonly draining: Set<'jobs' | 'notices'>
}

/** An answer as it came over the wire. */
export type Answer = { readonly status: number; readonly location: string | undefined; readonly text: string }

export type Wire = {
  readonly stage: Stage
  readonly chance: Chance
  readonly weather: Weather
  readonly tell: (line: string) => void
}

const PATIENCE_MS = 10 * SECOND_MS

const isDuring = ({ from, until }: Span, now: Instant): boolean => from <= now && now < until
const isCalm = ({ stage, weather }: Wire): boolean => !weather.squalls.some((squall) => isDuring(squall, stage.now()))
export const happens = (wire: Wire, howOften: number): boolean => !isCalm(wire) && wire.chance.happens(howOften)

/** A way through the network, in milliseconds. */
export const flight = ({ chance }: Wire): number => chance.between(1, 40)

/**
 * A request from outside to the hub, through a load balancer that knows who lives. Undefined: no answer came, whatever became of the
 * request. Waits as long as a browser or a program does.
 */
export const askHub = (
  wire: Wire,
  nodes: readonly HubNode[],
  what: string,
  request: () => Request,
): Promise<Answer | undefined> =>
  wire.stage.wait((resume) => {
    const { stage, chance, weather, tell } = wire
    const answered = (after: number, answer: Answer | undefined): void =>
      stage.plan(stage.now() + after, () => resume(answer))
    const able = nodes.filter((node) => node.process.alive && node.composed)
    const node = able[chance.between(0, Math.max(able.length - 1, 0))]
    if (!node || happens(wire, weather.lostRequest)) {
      tell(`${what}: ${node ? 'lost on its way' : 'no node takes it'}`)
      return answered(PATIENCE_MS, undefined)
    }
    let open = true
    const over = (after: number, answer: Answer | undefined): void => {
      if (!open) return
      open = false
      node.underWay.delete(died)
      answered(after, answer)
    }
    const died = (): void => over(1, undefined)
    node.underWay.add(died)
    stage.plan(stage.now() + flight(wire), () => {
      if (!node.process.alive) return
      stage.start(`${what} at ${node.process.name}`, node.process, async () => {
        const response = await node.composed?.fetch(request(), '192.0.2.1')
        if (!response) return
        const answer = {
          status: response.status,
          location: response.headers.get('location') ?? undefined,
          text: await response.text(),
        }
        const lost = happens(wire, weather.lostAnswer)
        tell(`${what}: ${node.process.name} answers ${answer.status}${lost ? ', which is lost' : ''}`)
        over(lost ? PATIENCE_MS : flight(wire), lost ? undefined : answer)
      })
    })
    return undefined
  })

/** Somebody outside whom the hub calls. */
export type Callee = {
  readonly name: string
  readonly away: Span
  /** Takes a request, at a time of its own; how long its answer takes in milliseconds. Undefined: it says nothing. */
  take(
    request: OutboundRequest,
    method: string,
  ): Promise<
    | {
        readonly status: number
        readonly body: string
        readonly headers?: Readonly<Record<string, string>>
        readonly afterMs?: number
      }
    | undefined
  >
}

/** The hub's way out: calls are refused, swallowed, answered late, or answered and the answer lost. */
export const simulatedClient = (
  wire: Wire,
  process: Process,
  calleeOf: (url: string) => Callee | undefined,
): HttpClient => ({
  send: (request) =>
    wire.stage.wait<Outcome>((resume) => {
      const { stage, weather, tell } = wire
      const callee = calleeOf(request.url)
      const name = callee?.name ?? request.url
      const end = (after: number, outcome: Outcome): void => {
        const said = outcome.kind === 'answered' ? `answers ${outcome.reply.status}` : outcome.kind
        tell(`${process.name} calls ${name}: ${said}`)
        stage.plan(stage.now() + after, () => resume(outcome))
      }
      if (!callee || isDuring(callee.away, stage.now())) {
        if (wire.chance.happens(0.7)) return end(1, { kind: 'not_sent', why: 'refused' })
        return end(request.timeoutMs, { kind: 'unknown', why: 'silence' })
      }
      if (happens(wire, weather.lostRequest)) return end(request.timeoutMs, { kind: 'unknown', why: 'lost on its way' })
      stage.plan(stage.now() + flight(wire), async () => {
        const given = await callee.take(request, request.method)
        const afterMs = flight(wire) + (given?.afterMs ?? 0)
        if (!given || afterMs >= request.timeoutMs)
          return end(request.timeoutMs, { kind: 'unknown', why: 'no answer in time' })
        if (happens(wire, weather.lostAnswer))
          return end(request.timeoutMs, { kind: 'unknown', why: 'the answer was lost' })
        const body = new TextEncoder().encode(given.body)
        end(afterMs, {
          kind: 'answered',
          reply: { status: given.status, headers: given.headers ?? {}, body, tookMs: afterMs },
        })
      })
      return undefined
    }),
  close: async () => {},
})

/** How long a process waits for its turn at the database: next to nothing, or so long that its leases end. */
export const turnMs = (wire: Wire): number =>
  happens(wire, wire.weather.frozen) ? wire.chance.between(15 * SECOND_MS, 3 * MINUTE_MS) : wire.chance.between(0, 8)
