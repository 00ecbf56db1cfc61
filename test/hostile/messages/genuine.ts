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
import { charsetOf, encode } from '../../../src/wire/charset.ts'
import { bankNotice } from '../../support/bank-notice.ts'
import { startTestHub, type TestHub } from '../../support/hub.ts'
import { formsOf, submit, visit } from '../../support/payer.ts'
import { orderBody, truth } from '../../support/story.ts'
import type { Sent } from '../request.ts'
import { isForged, WENT_BACK } from './ends.ts'

/** A message of an order that a bank decided, which the hub has not had yet: about a payment that waits for it. */
export type Genuine = About & {
  /** Signed by the bank's key, of this order. Not so: what was forged, or told of another order before. */
  readonly believed: boolean
  readonly sent: Sent
}

/** An order that is at its bank. */
export type About = {
  readonly channel: string
  /** What was decided there. */
  readonly choice: string
  readonly payment: string
  readonly attempt: string
  readonly number: string
  readonly reference: string
}

export type Banks = {
  readonly hub: TestHub
  /** One for each thing that can be decided at each bank. */
  readonly begun: readonly About[]
  readonly genuine: readonly Genuine[]
  stop(): Promise<void>
}

const CHANNELS = channels.map(({ channel }) => channel.id)
const FAMILY = CHANNELS.filter((id) => !['swedbank-lv', 'seb-lv', 'sandbox'].includes(id))
/** Banks that write in another charset than they say are believed where the agreement names it. */
const FALLBACK = 'fallbackCharsets: [WINDOWS-1257]'
const ESTONIAN_SERVICE = `service: "1012", version: "008", ${FALLBACK}`

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
          bank:
            - { publicKey: { file: keys/swedbank.public.pem }, from: 2025-01-01 }
            - { publicKey: { file: keys/swedbank-next.public.pem }, from: 2025-01-01 }`
  return text
    .replace('\n      - id: liepkalni-seb', `${FAMILY.map(agreement).join('')}\n      - id: liepkalni-seb`)
    .replace('liepkalni-sandbox]', `liepkalni-sandbox, ${FAMILY.map((id) => `liepkalni-${id}`).join(', ')}]`)
    .replaceAll(/^( +)(version: "009"\n)/gm, `$1$2$1${FALLBACK}\n`)
    .replaceAll(/payableForMinutes: \d+/g, 'payableForMinutes: 1000')
}

/** A hub, and every bank with an order for each thing that it can decide; what the banks sent is kept back. */
export const openBanks = async (): Promise<Banks> => {
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
    for (const choice of choicesAt(channel)) {
      const about = await atTheBank(hub, channel, choice)
      begun.push(about)
      if (channel === 'sandbox') kept.push(noticeByHand(hub, about))
      else kept.push(...(await decided(world, channel, choice)))
    }
  await clock.advance(10 * MINUTE_MS)
  const genuine = kept.flatMap((sent) => {
    const about = begun.find(({ attempt }) => sent.target.includes(attempt))
    return about ? [{ ...about, believed: !isForged(about.choice), sent }] : []
  })
  // What was told so far is told to its e-service.
  await hub.settle()
  return {
    hub,
    begun,
    genuine,
    stop: async () => {
      await world.stop()
      clock.stop()
      await hub.stop()
    },
  }
}

const targetOf = (url: string): string => url.slice(new URL(url).origin.length)

const choicesAt = (channel: string): readonly string[] =>
  channel === 'sandbox'
    ? Object.keys(BY_HAND)
    : (simulators.find((one) => one.channel === channel)?.choices ?? []).map(({ id }) => id)

/** Ordered for this bank, and carried there by the payer's browser. */
const atTheBank = async (hub: TestHub, channel: string, choice: string): Promise<About> => {
  const { status, body } = await hub.api('POST', '/v1/payments', orderBody(hub, { channel }))
  if (status !== 201) throw new Error(JSON.stringify(body))
  const page = await visit(body.payUrl)
  const form = page.page === 'going' ? formsOf(page).at(0) : undefined
  if (form) await submit(form)
  const [attempt] = (await truth(hub, body.id)).attempts
  if (!attempt) throw new Error(`${channel} was not begun: ${page.page}`)
  return { channel, choice, payment: body.id, attempt: attempt.id, number: attempt.number, reference: body.reference }
}

const FORM = 'application/x-www-form-urlencoded'

/** As a browser writes them: in the form's charset. */
const formText = (fields: readonly (readonly [string, string])[], charset: string): string =>
  fields.map(([name, value]) => `${name}=${escaped(value, charset)}`).join('&')

const escaped = (value: string, charset: string): string => {
  const bytes = encode(value, charsetOf(charset) ?? 'UTF-8')
  if (!bytes.ok) throw new Error(bytes.error)
  return Array.from(bytes.value, (byte) => {
    const letter = String.fromCharCode(byte)
    return /[\w.-]/.test(letter) ? letter : `%${byte.toString(16).padStart(2, '0')}`
  }).join('')
}

/** What the payer's browser would carry back; what the bank sends by itself is kept as it is sent. */
const decided = async (world: World, channel: string, choice: string): Promise<readonly Sent[]> => {
  const [order] = world
    .orders()
    .filter((one) => one.channel === channel)
    .sort((a, b) => Number(b.number) - Number(a.number))
  const answer = await world.choose(channel, order?.id ?? '', choice)
  if (answer.kind !== 'carry') return []
  const fields = formText(answer.fields, answer.charset)
  if (answer.method === 'POST')
    return [
      { method: 'POST', target: targetOf(answer.url), headers: [['content-type', FORM]], body: Buffer.from(fields) },
    ]
  return [{ method: 'GET', target: `${targetOf(answer.url)}${fields === '' ? '' : `?${fields}`}`, headers: [] }]
}

type ByHand = Partial<Parameters<typeof bankNotice>[1]> & { readonly by?: 'stranger-ed25519' }
const BACK = { id: 'by-hand', amount: WENT_BACK }
const BY_HAND: Readonly<Record<string, ByHand>> = {
  pay: {},
  processing: { status: 'processing' },
  decline: { status: 'declined' },
  cancel: { status: 'cancelled' },
  refunded: { refunds: [BACK] },
  reversed: { reversals: [BACK] },
  wrong_amount: { amount: 12_344 },
  wrong_currency: { currency: 'USD' },
  strangers_key: { by: 'stranger-ed25519' },
  other_merchant: { merchant: 'SOMEBODYELSE' },
}

/** A bank that can be asked would tell the hub before we do: so it knows nothing yet, and its notice is signed by hand. */
const noticeByHand = (hub: TestHub, { attempt, number, reference, choice }: About): Sent => {
  const { by, ...claim } = BY_HAND[choice] ?? {}
  const { body, signature } = bankNotice(hub, { number, reference, ...claim }, by)
  const headers = [
    ['content-type', 'application/json'],
    ['x-sandbox-signature', signature],
  ] as const
  const target = `/psp/sandbox/liepkalni-sandbox/${attempt}/notice`
  return { method: 'POST', target, headers, body: Buffer.from(body) }
}
