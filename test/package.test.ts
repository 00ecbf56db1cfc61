import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type FreshDatabase, freshDatabase } from './support/database.ts'
import { type Installed, installPackage } from './support/package.ts'
import { type Program, runProgram } from './support/program.ts'
import { openTempFolder } from './support/test-server.ts'

/** The package as a stranger installs it, and the programs of docs/integrating/library.md run in it. */

const SLOW_MS = 120_000
/** Of the packed file. A picture or a set of test messages that slips in goes over it. */
const MAX_PACKED_BYTES = 900_000

let installed: Installed
let folder: string
let database: FreshDatabase
let running: Program[] = []
beforeAll(async () => {
  installed = await installPackage()
  database = await freshDatabase()
  folder = openTempFolder('ebizness-package-')
  symlinkSync(join(installed.folder, 'node_modules'), join(folder, 'node_modules'))
  cpSync(join(installed.folder, 'package.json'), join(folder, 'package.json'))
}, SLOW_MS)
afterAll(async () => {
  for (const program of running) await program.kill()
  await database.drop()
  rmSync(folder, { recursive: true, force: true })
})

const file = (name: string, text: string): void => writeFileSync(join(folder, name), text)
const page = readFileSync(join(import.meta.dirname, '../docs/integrating/library.md'), 'utf8')
/** Writes a program of the page into the project, as a reader would; its path. */
const programOf = (name: string): string => {
  const text = page
    .split('```js\n')
    .find((block) => block.startsWith(`// ${name}\n`))
    ?.split('```')[0]
  if (text === undefined) throw new Error(`library.md has no program ${name}`)
  file(name, text)
  return join(folder, name)
}
const ended = (program: string): string =>
  execFileSync(process.execPath, [program], { cwd: folder, encoding: 'utf8' }).trim()

const everywhere = () => ({ EBIZNESS_MODE: 'test', EBIZNESS_LOG_LEVEL: 'warn', DATABASE_URL: database.url })
const served = async (name: string, env: Readonly<Record<string, string>>): Promise<Program & { root: string }> => {
  const program = await runProgram([], { folder, program: programOf(name), env: { ...everywhere(), ...env } })
  running = [...running, program]
  const [root = ''] = await program.says(/http:\/\/localhost:\d+/)
  return { ...program, root }
}

describe('the package', () => {
  it('holds what it needs and nothing of the workshop', () => {
    process.stdout.write(
      `The package: ${installed.files.length} files, ${Math.round(installed.packedBytes / 1000)} kB packed.\n`,
    )
    expect(installed.packedBytes).toBeLessThan(MAX_PACKED_BYTES)
    const workshop = /\.test\.|\.map$|\.png$|(?<!\.d)\.ts$|conformance|^src\/|^test\//
    expect(installed.files.filter((path) => workshop.test(path))).toEqual([])
    const keys = installed.files.filter((path) => /\.(pem|key|p12)$/.test(path))
    expect(keys.filter((path) => !path.startsWith('dist/sandbox/demo/keys/'))).toEqual([])
  })

  it('opens by each of its doors', () => {
    const doors = [
      '',
      '/channels',
      '/payments',
      '/notices',
      '/merchants',
      '/tasks',
      '/sdk',
      '/wire/form',
      '/wire/length-prefix',
    ]
    const imports = doors.map((door) => `import('ebizness${door}')`).join(', ')
    file(
      'doors.mjs',
      `console.log((await Promise.all([${imports}])).map((door) => Object.keys(door).length > 0).join())`,
    )
    expect(ended('doors.mjs')).toBe(doors.map(() => 'true').join())
  })

  it('tells a strict compiler its types', () => {
    file('types.ts', TYPES)
    const options = '--strict --noEmit --skipLibCheck --target es2023 --module nodenext --types node'.split(' ')
    const tsc = join(folder, 'node_modules/typescript/bin/tsc')
    execFileSync(process.execPath, [tsc, ...options, 'types.ts'], { cwd: folder, stdio: 'inherit' })
  })

  it(
    'shows the whole demo without the tree it came from',
    async () => {
      const place = join(folder, 'demo')
      mkdirSync(place, { mode: 0o711 })
      const program = join(folder, 'node_modules/ebizness/dist/app/cli.js')
      const demo = await runProgram(['demo'], { folder: place, program })
      running = [...running, demo]
      await demo.says(/Test mode: no real money/)
      const [, shop = ''] = /pay a bill:? +(http:\/\/\S+)/.exec(demo.said()) ?? []
      const order = await fetch(`${shop}/bills/1/pay?lang=en`, { method: 'POST', body: new FormData() })
      expect(await order.text()).toContain('data-page="choose"')
      expect(await demo.stop()).toBe(0)
    },
    SLOW_MS,
  )
})

describe('a process of some modules', () => {
  it('only delivers notices, ready and serving nobody', async () => {
    const program = join(folder, 'node_modules/ebizness/dist/app/cli.js')
    const hub = await runProgram(['start', '--modules=notices'], { folder, program, env: everywhere() })
    running = [...running, hub]
    const [, port] = await hub.says(/listens on port (\d+) .* for notices only/)
    const status = async (path: string) => (await fetch(`http://localhost:${port}${path}`)).status
    expect([await status('/readyz'), await status('/v1/payments')]).toEqual([200, 503])
    expect(await hub.stop()).toBe(0)
  })
})

describe('the hub as a library', () => {
  it('serves from a program of a few lines, and ends when that ends', async () => {
    const hub = await served('server.mjs', {})
    expect(await (await fetch(`${hub.root}/readyz`)).text()).toBe('ready')
    expect((await fetch(`${hub.root}/v1/payments`)).status).toBe(401)
    expect(await hub.stop()).toBe(0)
  })

  it.each(['town.mjs', 'town-express.mjs'])('serves below a path of another server: %s', async (program) => {
    const town = await served(program, { EBIZNESS_PUBLIC_URL: 'http://localhost:8080/payments' })
    expect(await (await fetch(town.root)).text()).toContain('The town')
    expect(await (await fetch(`${town.root}/payments/readyz`)).text()).toBe('ready')
    const lost = await (await fetch(`${town.root}/payments/pay/nothing`)).text()
    expect(lost).toContain('href="/payments/assets/pay-')
    expect((await fetch(`${town.root}/v1/payments`)).status).toBe(404)
    expect(await town.stop()).toBe(0)
  })

  it('says what is wrong in its settings, one sentence a line', () => {
    file('wrong.mjs', WRONG)
    expect(
      ended('wrong.mjs')
        .split('\n')
        .map((line) => line.split(':')[0]),
    ).toEqual(['EBIZNESS_MASTER_KEY', 'EBIZNESS_PUBLIC_URL'])
  })
})

describe('a module without the hub', () => {
  it('tells others of what has nothing to do with payments', async () => {
    const listener = createServer()
    const heard = new Promise<{ readonly body: string; readonly headers: Record<string, string> }>((resolve) => {
      listener.on('request', async (request, response) => {
        const body = await text(request)
        response.end()
        const headers = Object.entries(request.headers).map(([name, value]) => [name, String(value)])
        resolve({ body, headers: Object.fromEntries(headers) })
      })
    })
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
    const address = listener.address()
    const LISTENER = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/`
    const program = await runProgram([], {
      folder,
      program: programOf('notices.mjs'),
      env: { ...everywhere(), LISTENER },
    })
    running = [...running, program]
    const [secret] = await program.says(/whsec_\S+/)
    const { body, headers } = await heard
    expect(new Webhook(secret).verify(body, headers)).toMatchObject({
      type: 'loan.overdue',
      sequence: 1,
      data: { days: 3 },
    })
    expect(await program.stop()).toBe(0)
    await new Promise((resolve) => listener.close(resolve))
  })
})

describe('a bank’s messages without a hub', () => {
  it('are begun and read in a few lines', () => {
    const vectors: Vectors = JSON.parse(readFileSync(join(CHANNEL, 'vectors/ipizza.json'), 'utf8'))
    const notice = vectors.vectors.find(({ id }) => id === 'self-009-1111-autoY')
    if (!notice) throw new Error('the vector is gone')
    const settings = {
      senderId: notice.fields.VK_REC_ID,
      bankId: 'HP',
      service: '1012',
      version: '009',
      url: 'https://bank.example/',
    }
    const keys = {
      merchant: { privateKey: vectors.keys.hub_merchant?.private_pem },
      bank: [{ publicKey: vectors.keys[notice.key]?.public_pem }],
    }
    file('settings.json', JSON.stringify({ settings, keys }))
    const query = new URLSearchParams({ ...notice.fields, VK_MAC: notice.signature_base64 })
    file('notice.txt', `https://pay.example/psp/swedbank-lv/liepkalni-swedbank/notice?${query}\n`)
    const [step, readings] = ended(programOf('message.mjs'))
      .split('\n')
      .map((line): unknown => JSON.parse(line))
    expect(step).toMatchObject({ step: 'form', method: 'POST', url: 'https://bank.example/' })
    expect(readings).toMatchObject([{ says: 'paid', states: { amount: { currency: 'EUR' } } }])
  })

  it('are written by hand', () => {
    expect(ended(programOf('wire.mjs'))).toBe('0041012003009009LIEPKALNI')
  })
})

const CHANNEL = join(import.meta.dirname, '../src/channels/swedbank-lv')
type Vectors = {
  readonly keys: Readonly<Record<string, { readonly private_pem: string; readonly public_pem: string }>>
  readonly vectors: readonly {
    readonly id: string
    readonly key: string
    readonly fields: Readonly<Record<string, string>>
    readonly signature_base64: string
  }[]
}

const WRONG = `import { mountHub } from 'ebizness'
await mountHub({}).catch((fault) => console.log(fault.message))
`

/** What a stranger's program says of the types; each mistake in it must be one to the compiler too. */
const TYPES = `import { createServer } from 'node:http'
import { type MountedHub, mountHub, nodeListener } from 'ebizness'
import { type Channel, channels } from 'ebizness/channels'
import { readSettingsFile } from 'ebizness/merchants'
import { openHub, type Payment, verifyNotice } from 'ebizness/sdk'
import { lengthPrefixed } from 'ebizness/wire/length-prefix'

const hub: MountedHub = await mountHub({ EBIZNESS_MODE: 'test' }, { modules: ['payments', 'notices'] })
createServer(nodeListener(hub.fetch))
const answer: Response = await hub.fetch(new Request('http://localhost/'))
const channel: Channel | undefined = channels[0]?.channel
const paid = async (id: string): Promise<Payment['status'] | undefined> => {
  const found = await openHub({ url: 'https://pay.example', apiKey: 'sk' }).getPayment(id)
  return found.ok ? found.value.status : undefined
}
export const used = [answer.status, channel, readSettingsFile, verifyNotice, paid, lengthPrefixed(['1'], 'chars', 'UTF-8')]
// @ts-expect-error there is no such module
await mountHub({}, { modules: ['portal'] })
// @ts-expect-error a hub is told its settings
await mountHub()
// @ts-expect-error a charset that banks do not use
lengthPrefixed(['1'], 'chars', 'UTF-16')
// @ts-expect-error a channel is no text
export const text: string = channels[0]
// @ts-expect-error the hub answers with a Response
export const length: number = await hub.fetch(new Request('http://localhost/'))
`
