import { createSocket } from 'node:dgram'
import { Resolver } from 'node:dns/promises'
import { isIP, type LookupFunction } from 'node:net'

/** A name server of our own on loopback: what a name means is what the test says it means at this moment. */
export type NameServer = {
  /** Addresses, or the one other name that it stands for. */
  say(name: string, ...meaning: readonly string[]): void
  /** Names it was asked for, one for each question. */
  readonly asked: readonly string[]
  /** Resolves as a program does, over the wire. */
  readonly resolve: LookupFunction
  stop(): void
}

const TYPES = { A: 1, CNAME: 5, AAAA: 28 } as const
const ANSWER_FLAGS = 0x8180
const NO_SUCH_NAME = 3

export const startNameServer = async (): Promise<NameServer> => {
  const zone = new Map<string, readonly string[]>()
  const asked: string[] = []
  const socket = createSocket('udp4')
  socket.on('message', (question, from) => {
    const { name, end } = readName(question)
    asked.push(name)
    socket.send(answerTo(question.subarray(0, end + 4), name, zone), from.port, from.address)
  })
  await new Promise<void>((ready) => socket.bind(0, '127.0.0.1', ready))
  const resolver = new Resolver({ timeout: 2_000, tries: 2 })
  resolver.setServers([`127.0.0.1:${socket.address().port}`])
  const found = async (name: string): Promise<readonly string[]> =>
    (await Promise.all([resolver.resolve4(name).catch(() => []), resolver.resolve6(name).catch(() => [])])).flat()
  return {
    say: (name, ...meaning) => void zone.set(name, meaning),
    asked,
    resolve: (name, _wanted, callback) => {
      void found(name).then((addresses) =>
        addresses.length === 0
          ? callback(new Error(`ENOTFOUND ${name}`), [])
          : callback(
              null,
              addresses.map((address) => ({ address, family: isIP(address) })),
            ),
      )
    },
    stop: () => {
      resolver.cancel()
      socket.close()
    },
  }
}

const readName = (question: Buffer): { readonly name: string; readonly end: number } => {
  const labels: string[] = []
  let place = 12
  for (let length = question[place] ?? 0; length > 0; length = question[place] ?? 0) {
    labels.push(question.toString('latin1', place + 1, place + 1 + length))
    place += 1 + length
  }
  return { name: labels.join('.').toLowerCase(), end: place + 1 }
}

/** RFC 1035 §4.1, without compression: a chain of names first, then the addresses at its end. */
const answerTo = (question: Buffer, name: string, zone: ReadonlyMap<string, readonly string[]>): Buffer => {
  const type = question.readUInt16BE(question.length - 4)
  const records: Buffer[] = []
  let owner = name
  let meaning = zone.get(owner)
  for (const next = () => meaning?.[0] ?? ''; meaning && isIP(next()) === 0 && next() !== ''; ) {
    records.push(record(owner, TYPES.CNAME, writeName(next())))
    owner = next()
    meaning = zone.get(owner)
  }
  for (const address of meaning ?? []) {
    if (type === TYPES.A && isIP(address) === 4)
      records.push(record(owner, TYPES.A, Buffer.from(address.split('.').map(Number))))
    if (type === TYPES.AAAA && isIP(address) === 6) records.push(record(owner, TYPES.AAAA, bytesOf(address)))
  }
  const head = Buffer.from(question)
  head.writeUInt16BE(meaning ? ANSWER_FLAGS : ANSWER_FLAGS + NO_SUCH_NAME, 2)
  head.writeUInt16BE(records.length, 6)
  head.writeUInt32BE(0, 8)
  return Buffer.concat([head, ...records])
}

const writeName = (name: string): Buffer =>
  Buffer.concat([
    ...name.split('.').map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label, 'latin1')])),
    Buffer.from([0]),
  ])

/** Valid for no time at all, as who wants to change it next would say. */
const record = (name: string, type: number, value: Buffer): Buffer => {
  const about = Buffer.alloc(10)
  about.writeUInt16BE(type, 0)
  about.writeUInt16BE(1, 2)
  about.writeUInt16BE(value.length, 8)
  return Buffer.concat([writeName(name), about, value])
}

/** The eight groups, written out by whoever asks: `fd00:0:0:0:0:0:0:1`. */
const bytesOf = (address: string): Buffer => {
  const groups = address.split(':').map((group) => Number.parseInt(group, 16))
  if (groups.length !== 8 || groups.some(Number.isNaN)) throw new Error(`write all eight groups of ${address}`)
  return Buffer.from(groups.flatMap((group) => [group >> 8, group & 0xff]))
}
