import { isIP } from 'node:net'
import { type OutboundPolicy, refusalOf } from '../../../src/platform/http/addresses.ts'
import { type HttpClient, type Outcome, openClient } from '../../../src/platform/http/client.ts'
import { asHost, CLOSED, DECEITFUL, METADATA, THIS_MACHINE } from '../../support/closed-addresses.ts'
import { type NameServer, startNameServer } from '../../support/name-server.ts'
import { live, type Machine, naming, startMachine, testMode } from '../../support/outward.ts'
import { type Chance, chanceFrom } from '../../torture/chance.ts'
import { type Rebound, rebind } from './rebind.ts'
import { type Redirector, startRedirector } from './redirect.ts'
import { type Spelled, spelled } from './spell.ts'

/** Addresses that lead inside, sent to by the client that calls out. Behind every address of this machine somebody listens. */
export type Besieged = {
  readonly tried: number
  /** Closed addresses by kind, and by how they were brought to the hub. */
  readonly byKind: ReadonlyMap<string, number>
  readonly byWay: ReadonlyMap<string, number>
  /** Public ones, which the same judge must let be. They are not sent to. */
  readonly open: number
  readonly ofTables: number
  readonly rebound: Rebound
  /** Connections to a listener inside. */
  readonly reached: number
  readonly tookMs: number
  readonly breaches: readonly string[]
}

const ENOUGH = 20
/** Of so many addresses, one name that changes its meaning between the check and the call. */
const REBOUND_SHARE = 10

type Trial = {
  readonly machine: Machine
  readonly names: NameServer
  readonly redirector: Redirector
  readonly chance: Chance
  readonly clients: ReadonlyMap<OutboundPolicy, HttpClient>
  readonly byKind: Map<string, number>
  readonly byWay: Map<string, number>
  readonly breaches: string[]
}

const everything = naming('0.0.0.0/0', '::/0')
const POLICIES = [live, testMode, everything, { ...everything, testMode: true }]

export const fuzzAddresses = async (cases: number, seed: number): Promise<Besieged> => {
  const [machine, names, redirector] = await Promise.all([startMachine(), startNameServer(), startRedirector()])
  const clients = new Map(POLICIES.map((policy) => [policy, openClient({ policy, resolve: names.resolve })]))
  const chance = chanceFrom(seed)
  const breaches: string[] = []
  const trial: Trial = { machine, names, redirector, chance, clients, byKind: new Map(), byWay: new Map(), breaches }
  const beganAt = performance.now()
  try {
    const ofTables = await tryTables(trial)
    let [tried, open] = [0, 0]
    for (; tried < cases && breaches.length < ENOUGH; tried++) if (await tryOne(trial, tried)) open++
    const reached = machine.met.length
    if (reached > 0) breaches.push(`${reached} connections came inside`)
    const rebound = await rebind(trial, Math.ceil(cases / REBOUND_SHARE))
    const tookMs = performance.now() - beganAt
    const { byKind, byWay } = trial
    return { tried, byKind, byWay, open, ofTables, rebound, reached: reached + rebound.inside, tookMs, breaches }
  } finally {
    await Promise.all([...clients.values()].map((client) => client.close()))
    names.stop()
    await redirector.stop()
    await machine.stop()
  }
}

const count = (counts: Map<string, number>, name: string): void => {
  counts.set(name, (counts.get(name) ?? 0) + 1)
}

const sendTo = (trial: Trial, url: string, policy: OutboundPolicy): Promise<Outcome> => {
  const client = trial.clients.get(policy)
  if (!client) throw new Error('no client goes by this policy')
  return client.send({ method: 'GET', url, headers: {}, timeoutMs: 10_000, maxBytes: 1_000 })
}

/** Refused by the judge's own words: where nobody listens, a call that was allowed fails as well. */
const JUDGED =
  /does not allow|metadata service|plain http is for|not a public address|user name or password|is not an address|not https/

/** Nothing may have left. */
const mustRefuse = async (
  trial: Trial,
  url: string,
  policy: OutboundPolicy,
  about: string,
  words: string | RegExp = JUDGED,
): Promise<void> => {
  const { machine, breaches } = trial
  const before = machine.met.length
  const outcome = await sendTo(trial, url, policy)
  const came = machine.met.length - before
  const why = outcome.kind === 'not_sent' ? outcome.why : ''
  const refused = typeof words === 'string' ? why.includes(words) : words.test(why)
  if (!refused || came > 0)
    breaches.push(`${about}: ${JSON.stringify(url)} is ${outcome.kind} (${why}), and ${came} connections came inside`)
}

// ---------------------------------------------------------------------------------------------------------------------- by the tables

/** Everything that the tests of the outbound client name, once. */
const tryTables = async (trial: Trial): Promise<number> => {
  const { machine, names } = trial
  let done = 0
  const one = async (url: string, policy: OutboundPolicy, why?: string): Promise<void> => {
    done++
    await mustRefuse(trial, url, policy, why ?? 'this machine', why)
  }
  for (const [address, why] of CLOSED) await one(`https://${asHost(address)}:${machine.https}/`, live, why)
  for (const address of METADATA)
    for (const policy of POLICIES) await one(`https://${asHost(address)}/latest`, policy, 'metadata')
  for (const name of ['localhost', 'localhost.']) names.say(name, '127.0.0.1')
  for (const host of THIS_MACHINE) await one(`https://${host}:${machine.https}/`, live)
  for (const [url, why] of DECEITFUL) await one(url, live, why)
  return done
}

// -------------------------------------------------------------------------------------------------------------------------- by chance

/** True when it was a public address. */
const tryOne = async (trial: Trial, number: number): Promise<boolean> => {
  const { chance, byKind, byWay, breaches } = trial
  const address = spelled(chance)
  const { host, how, kind } = address
  const about = `case ${number}, ${how}, ${kind ?? 'public'}`
  if (kind === undefined) {
    const read = hostIn(`https://${host}/`)
    const said = isIP(read) > 0 ? refusalOf(read, 'https', live) : `${read} is not an address any more`
    if (said !== undefined) breaches.push(`${about}: ${host}: ${said}`)
    return true
  }
  count(byKind, kind)
  // So that a judge who errs calls nobody out there.
  if (refusalOf(address.plain, 'https', live) === undefined) {
    breaches.push(`${about}: ${address.plain} may be called`)
    return false
  }
  const [way, lead] = chance.pick(BY_NUMBER, BY_NUMBER, BY_NAME, AMONG_OTHERS, BY_REDIRECT, DRESSED_UP)
  count(byWay, way === 'by number' ? `by number, ${how}` : way)
  await lead(trial, address, `${about}, ${way}`)
  return false
}

/** As the client reads it. */
const hostIn = (url: string): string =>
  URL.canParse(url) ? new URL(url).hostname.replaceAll(/^\[|\]$/g, '') : `"${url}"`

type Way = readonly [name: string, lead: (trial: Trial, address: Spelled, about: string) => Promise<void>]

/** Metadata is closed to everybody; a hub in test mode may call this very machine. */
const policyFor = ({ kind }: Spelled, { chance }: Trial): OutboundPolicy => {
  const [first = live, ...others] = POLICIES
  if (kind === 'metadata') return chance.pick(first, ...others)
  return kind === 'loopback' || kind === 'this network' ? live : chance.pick(live, testMode)
}

const BY_NUMBER: Way = [
  'by number',
  async (trial, address, about) => {
    const scheme = trial.chance.happens(0.8) ? 'https' : 'http'
    await mustRefuse(trial, `${scheme}://${address.host}:${trial.machine[scheme]}/`, policyFor(address, trial), about)
  },
]

const BY_NAME: Way = [
  'as what a name means',
  async (trial, address, about) => {
    trial.names.say('bank.example', address.plain)
    await mustRefuse(trial, `https://bank.example:${trial.machine.https}/`, policyFor(address, trial), about)
  },
]

const AMONG_OTHERS: Way = [
  'as what a name behind names means, among others',
  async (trial, address, about) => {
    trial.names.say('bank.example', 'front.example')
    trial.names.say('front.example', 'inner.example')
    // Where every network is named, only metadata is closed.
    const others = address.kind === 'metadata' ? [] : ['10.0.0.1', 'fe80:0:0:0:0:0:0:1']
    trial.names.say('inner.example', ...others, address.plain, '169.254.169.254')
    await mustRefuse(trial, `https://bank.example:${trial.machine.https}/`, policyFor(address, trial), about)
  },
]

const BY_REDIRECT: Way = [
  'as where an answer leads',
  async (trial, { host }, about) => {
    const { redirector, chance, machine, breaches } = trial
    const scheme = chance.pick('https', 'http')
    const status = chance.pick(300, 301, 302, 303, 305, 307, 308)
    redirector.leadTo(status, `${scheme}://${host}:${machine[scheme]}/`)
    const before = machine.met.length
    const outcome = await sendTo(trial, redirector.url, testMode)
    const came = machine.met.length - before
    if (outcome.kind !== 'answered' || outcome.reply.status !== status || came > 0)
      breaches.push(`${about}: a ${status} is ${outcome.kind}, and ${came} connections came inside`)
  },
]

const DRESSED_UP: Way = [
  'in a URL that seems to name another host',
  async (trial, { host, plain }, about) => {
    const { chance, machine, names } = trial
    names.say('bank.example', plain)
    const at = `${host}:${machine.https}`
    const url = chance.pick(
      `https://bank.example@${at}/`,
      `https://bank.example:443@${at}/`,
      `https://bank.example%40@${at}/`,
      `https://${at}@bank.example/`,
      `https:${at}/`,
      `https:\\\\${at}\\`,
      `https:///${at}/`,
      `ht\ttps://${at}\n/`,
      ` HTTPS://${at}/ `,
      `https://${at}\\@bank.example/`,
      `https://${at}#@bank.example/`,
      `https://${at}?@bank.example/`,
      `https://${at}/\\bank.example/`,
    )
    await mustRefuse(trial, url, live, about)
  },
]
