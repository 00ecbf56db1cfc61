import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { channels } from '../../../src/channels/index.ts'
import { simulators } from '../../../src/channels/simulators.ts'
import { MINUTE_MS } from '../../../src/kernel/time.ts'
import {
  demoFolder,
  keysFrom,
  movingClock,
  renderDemoFile,
  setupsFrom,
  startWorld,
  type World,
} from '../../../src/sandbox/index.ts'
import { bankNotice } from '../../support/bank-notice.ts'
import { startTestHub, type TestHub } from '../../support/hub.ts'
import { formsOf, submit, visit } from '../../support/payer.ts'
import { orderBody, truth } from '../../support/story.ts'
import type { Sent } from '../request.ts'

/** A message that a bank really sent and the hub has not had yet: signed by the bank's key, about a payment that waits for it. */
export type Genuine = {
  readonly channel: string
  readonly payment: string
  readonly attempt: string
  readonly sent: Sent
}

export type Banks = {
  readonly hub: TestHub
  readonly genuine: readonly Genuine[]
  stop(): Promise<void>
}

const CHANNELS = channels.map(({ channel }) => channel.id)
const FAMILY = CHANNELS.filter((id) => !['swedbank-lv', 'seb-lv', 'sandbox'].includes(id))
const ESTONIAN_SERVICE = 'service: "1012", version: "008"'

/** The demo's `cma.yaml` with an agreement at every bank there is. */
const withEveryBank = (text: string): string => {
  const bankRoot = /url: "(\S+)\/swedbank-lv"/.exec(text)?.[1] ?? ''
  const agreement = (id: string): string => `
      - id: liepkalni-${id}
        channel: ${id}
        account: swedbank
        validFrom: 2025-01-01
        settings: { senderId: LIEPKALNI,${id === 'seb-lt' ? ' bankId: SEBLT,' : ''} ${ESTONIAN_SERVICE}, url: "${bankRoot}/${id}", payableForMinutes: 60 }
        keys:
          merchant: { privateKey: { file: keys/liepkalni-swedbank.pem } }
          bank: [{ publicKey: { file: keys/swedbank.public.pem }, from: 2025-01-01 }]`
  return text
    .replace('\n      - id: liepkalni-seb', `${FAMILY.map(agreement).join('')}\n      - id: liepkalni-seb`)
    .replace('liepkalni-sandbox]', `liepkalni-sandbox, ${FAMILY.map((id) => `liepkalni-${id}`).join(', ')}]`)
    .replaceAll(/payableForMinutes: \d+/g, 'payableForMinutes: 1000')
}

/** A hub, and every bank with so many orders of each kind that it decided; what the banks sent is kept back. */
export const openBanks = async (ordersEach: number): Promise<Banks> => {
  const hub = await startTestHub()
  const clock = movingClock()
  const kept: Sent[] = []
  const fileFor = (bankRoot: string) => withEveryBank(renderDemoFile({ bankRoot, shopRoot: hub.shopRoot }))
  const world = await startWorld({
    port: 0,
    simulators,
    setups: (bankRoot) => setupsFrom(fileFor(bankRoot)),
    keys: keysFrom(fileFor('http://localhost:1'), (place) =>
      'file' in place ? readFileSync(join(demoFolder, place.file), 'utf8') : '',
    ),
    clock,
    random: (size) => new Uint8Array(randomBytes(size)),
    send: async ({ method, url, headers, body }) => {
      kept.push({ method, target: targetOf(url), headers: Object.entries(headers), ...(body ? { body } : {}) })
      return { kind: 'answered', reply: { status: 200, body: new Uint8Array() } }
    },
    log: () => {},
  })
  await hub.apply(() => fileFor(world.root))
  const begun: About[] = []
  for (const channel of CHANNELS)
    for (let left = ordersEach; left > 0; left--) {
      const about = await atTheBank(hub, channel)
      begun.push(about)
      if (channel === 'sandbox') kept.push(noticeByHand(hub, about))
      else kept.push(...(await decided(world, channel, left % 4 === 0 ? 'cancel' : 'pay')))
    }
  await clock.advance(10 * MINUTE_MS)
  const genuine = kept.flatMap((sent) => {
    const about = begun.find(({ attempt }) => sent.target.includes(attempt))
    return about ? [{ ...about, sent }] : []
  })
  return {
    hub,
    genuine,
    stop: async () => {
      await world.stop()
      clock.stop()
      await hub.stop()
    },
  }
}

const targetOf = (url: string): string => url.slice(new URL(url).origin.length)

type About = Omit<Genuine, 'sent'> & {
  readonly payment: string
  readonly attempt: string
  readonly number: string
  readonly reference: string
}

/** Ordered for this bank, and carried there by the payer's browser. */
const atTheBank = async (hub: TestHub, channel: string): Promise<About> => {
  const { status, body } = await hub.api('POST', '/v1/payments', orderBody(hub, { channel }))
  if (status !== 201) throw new Error(JSON.stringify(body))
  const page = await visit(body.payUrl)
  const form = page.page === 'going' ? formsOf(page).at(0) : undefined
  if (form) await submit(form)
  const [attempt] = (await truth(hub, body.id)).attempts
  if (!attempt) throw new Error(`${channel} was not begun: ${page.page}`)
  return { channel, payment: body.id, attempt: attempt.id, number: attempt.number, reference: body.reference }
}

const FORM = 'application/x-www-form-urlencoded'

/** What the payer's browser would carry back; what the bank sends by itself is kept as it is sent. */
const decided = async (world: World, channel: string, choice: string): Promise<readonly Sent[]> => {
  const [order] = world
    .orders()
    .filter((one) => one.channel === channel)
    .sort((a, b) => Number(b.number) - Number(a.number))
  const answer = await world.choose(channel, order?.id ?? '', choice)
  if (answer.kind !== 'carry') return []
  const fields = new URLSearchParams(answer.fields.map(([name, value]): [string, string] => [name, value])).toString()
  if (answer.method === 'POST')
    return [
      { method: 'POST', target: targetOf(answer.url), headers: [['content-type', FORM]], body: Buffer.from(fields) },
    ]
  return [{ method: 'GET', target: `${targetOf(answer.url)}${fields === '' ? '' : `?${fields}`}`, headers: [] }]
}

/** A bank that can be asked would tell the hub before we do: so it knows nothing yet, and its notice is signed by hand. */
const noticeByHand = (hub: TestHub, { attempt, number, reference }: About): Sent => {
  const { body, signature } = bankNotice(hub, { number, reference })
  const headers = [
    ['content-type', 'application/json'],
    ['x-sandbox-signature', signature],
  ] as const
  const target = `/psp/sandbox/liepkalni-sandbox/${attempt}/notice`
  return { method: 'POST', target, headers, body: Buffer.from(body) }
}
