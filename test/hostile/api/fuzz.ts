import { chanceFrom } from '../../torture/chance.ts'
import { asCurl, openWire, type Sent } from '../request.ts'
import { makeCase } from './cases.ts'
import { readDocument } from './document.ts'
import { breachesOf } from './judge.ts'
import { makePageCase, pageBreaches } from './pages.ts'
import { sweepOf } from './sweep.ts'
import { openApiWorld } from './world.ts'

/** What was sent, what came of it, and every breach with the request that shows it. */
export type Fuzzed = {
  readonly sent: number
  readonly tookMs: number
  readonly slowestMs: number
  readonly byStatus: ReadonlyMap<number, number>
  /** Of each operation, what was answered how often. */
  readonly byOperation: ReadonlyMap<string, ReadonlyMap<number, number>>
  /** Rules of the document, at their limits and broken, and how many of them were tried one by one. */
  readonly rules: number
  readonly tried: number
  readonly breaches: readonly string[]
}

/** For so many requests of the document one of a payer's browser. */
const PAGES_SHARE = 8
/** Of so many requests each operation has had some that nobody spoilt, and others. */
const EACH_IS_TRIED = 1_000
/** Kinds of breaches after which nothing more is sent. */
const ENOUGH = 40

export const fuzzApi = async (cases: number, seed: number): Promise<Fuzzed> => {
  const world = await openApiWorld()
  const { hub, ledger, known } = world
  const wire = openWire(hub.root, 1)
  try {
    const document = await readDocument(hub.root)
    const chance = chanceFrom(seed)
    const byStatus = new Map<number, number>()
    const breaches = new Map<string, string>()
    const byOperation = new Map(document.operations.map(({ operationId }) => [operationId, new Map<number, number>()]))
    const sweep = sweepOf(document, chance)
    let tried = 0
    await ledger.written()
    const begun = performance.now()
    let sent = 0
    for (; sent < cases && breaches.size < ENOUGH; sent++) {
      // One after the other: a rule of the document by itself, and whatever chance makes of a request.
      const probe = sent % 2 === 0 ? sweep[tried] : undefined
      if (probe) tried++
      const operation = probe?.operation ?? document.operations[(sent >> 1) % document.operations.length]
      if (!operation) throw new Error('the document has no operation')
      const one = makeCase(document, world, operation, chance, probe)
      // One of each kind is enough to see what is wrong.
      const tell = (breach: string) => {
        const kind = `${operation.operationId} ${breach.replaceAll(/\d+/g, '').slice(0, 60)}`
        const shown = `case ${sent} (${one.spoilt.join(', ')}) ${breach}\n  ${asCurl(hub.root, shortened(one.request))}`
        if (!breaches.has(kind)) breaches.set(kind, shown)
      }
      const got = await wire.send(one.request).catch((fault: unknown) => {
        tell(`no answer: ${fault}`)
      })
      const written = await ledger.written()
      if (!got) continue
      for (const counts of [byStatus, byOperation.get(operation.operationId)])
        counts?.set(got.status, (counts.get(got.status) ?? 0) + 1)
      for (const breach of breachesOf(document, one, got, written)) tell(breach)
      if (got.status === 201 && operation.operationId === 'createPayment')
        known.open.push(JSON.parse(got.body.toString()).id)
    }
    // What is never taken shows nothing of what it would do, nor does what is never refused.
    for (const [operationId, counts] of cases < EACH_IS_TRIED ? [] : byOperation) {
      const statuses = [...counts.keys()]
      if (!statuses.some((status) => status < 300)) breaches.set(operationId, `${operationId} was never taken`)
      if (!statuses.some((status) => status >= 400)) breaches.set(operationId, `${operationId} was never refused`)
    }
    for (let left = Math.floor(cases / PAGES_SHARE); left > 0 && breaches.size < ENOUGH; left--, sent++) {
      const one = makePageCase(world, chance)
      const got = await wire.send(one.request)
      byStatus.set(got.status, (byStatus.get(got.status) ?? 0) + 1)
      for (const breach of pageBreaches(one, got, await ledger.written()))
        breaches.set(`${one.what} ${breach}`, `${one.what} ${breach}\n  ${asCurl(hub.root, one.request)}`)
    }
    return {
      sent,
      tookMs: performance.now() - begun,
      slowestMs: wire.slowestMs(),
      byStatus,
      byOperation,
      rules: sweep.length,
      tried,
      breaches: [...breaches.values()],
    }
  } finally {
    await wire.close()
    await world.stop()
  }
}

/** A curl command of half a megabyte helps nobody: such a request is found again by its seed and number. */
const LONGEST_SHOWN = 20_000
const shortened = (request: Sent): Sent =>
  (request.body?.length ?? 0) > LONGEST_SHOWN ? { ...request, body: Buffer.from('(long)') } : request
