import { beforeEach, describe, expect, it } from 'vitest'
import { exampleFiles, exampleNow, exampleYaml, nextBank } from '../../test/support/merchants.ts'
import { type MerchantsWorld, merchantsWorld, wantedOf } from '../../test/support/merchants-world.ts'
import { isDone, type NoticeAddresses, showPlan } from './index.ts'

let world: MerchantsWorld

beforeEach(async () => {
  world = await merchantsWorld()
  return world.close
})

describe('apply', () => {
  it('makes a file true, and a second time changes nothing', async () => {
    const first = await world.apply(exampleYaml)
    expect(first.changes.map(({ kind, what, id }) => `${kind} ${what} ${id}`)).toEqual([
      'added merchant liepkalni',
      'added agreement liepkalni-link',
      'added agreement liepkalni-gateway',
      'added e-service property-tax',
    ])
    const { revision } = await world.merchants.directory()
    const second = await world.apply(exampleYaml)
    expect(second.changes).toEqual([])
    expect(showPlan(second)).toBe('Nothing to change.')
    expect((await world.merchants.directory()).revision).toBe(revision)
  })

  it('keeps what was written: the picture is what the file says', async () => {
    const wanted = await wantedOf(exampleYaml)
    await world.apply(exampleYaml)
    const { merchants: found, agreements, eServices } = await world.merchants.directory()
    const [merchant] = wanted.merchants
    if (!merchant) throw new Error('the example has a merchant')
    const { place: _1, agreements: wantedAgreements, eServices: wantedEServices, ...own } = merchant
    expect(found.get('liepkalni')).toEqual(own)
    for (const { place: _2, keys: _3, ...agreement } of wantedAgreements) {
      expect(agreements.get(agreement.id)).toEqual({ ...agreement, retired: false })
    }
    for (const { place: _4, notices: _5, look, ...eService } of wantedEServices) {
      const { look: lookFound, ...rest } = eServices.get(eService.id) ?? { look: undefined }
      expect(rest).toEqual({ ...eService, support: own.support, retired: false })
      expect(Buffer.from(lookFound?.logo?.bytes ?? [])).toEqual(Buffer.from(look.logo?.bytes ?? []))
      expect({ ...lookFound?.logo, bytes: 0 }).toEqual({ ...look.logo, bytes: 0 })
    }
    expect(world.notices.urls.get('property-tax')).toEqual(['http://localhost:8082/notices'])
  })

  it('shows each field that differs, keys by their fingerprints alone', async () => {
    await world.apply(exampleYaml)
    const text = exampleYaml
      .replace('senderId: LIEPKALNI', 'senderId: LIEPKALNI2, payableForMinutes: 30')
      .replace('LV50UNLA0000000000002', 'LV23HABA0000000000101')
      .replace('[liepkalni-link, liepkalni-gateway]', '[liepkalni-gateway, liepkalni-link]')
      .replace('privateKey: { file: keys/ours.pem }', 'privateKey: { file: keys/new.pem }')
      .replace('to: 2026-12-31', 'to: 2026-11-30')
      .replace(/\n.*next-bank.*/, '')
      .replace('privacyUrl: https://liepkalni.example/privacy\n', '\n')
    const plan = await world.merchants.plan(
      await wantedOf(text, { ...exampleFiles, 'keys/new.pem': nextBank.privatePem }),
      { notices: world.notices },
    )
    const shown = plan.ok ? showPlan(plan.value) : ''
    expect(shown.replace(/[0-9a-f]{16}…/g, '…')).toBe(`~ merchant liepkalni
    ~ accounts.seb: LV50UNLA0000000000002 → LV23HABA0000000000101
~ agreement liepkalni-link (liepkalni)
    ~ settings.senderId: "LIEPKALNI" → "LIEPKALNI2"
    + settings.payableForMinutes: 30
    - keys.bank: sha256:… from 2026-11-01
    - keys.merchant: sha256:…
    ~ keys.bank: sha256:… to 2026-12-31 → sha256:… to 2026-11-30
    + keys.merchant: sha256:…
~ e-service property-tax (liepkalni)
    ~ offers: ["liepkalni-link","liepkalni-gateway"] → ["liepkalni-gateway","liepkalni-link"]
    - privacyUrl: "https://liepkalni.example/privacy"`)
    expect(shown).not.toContain('throw-away')
    expect(shown).not.toContain('PRIVATE KEY')
  })

  it('leaves alone and names what the file does not name; prune retires it and deletes nothing', async () => {
    await world.apply(exampleYaml)
    const text = exampleYaml
      .replace(/ {6}- id: liepkalni-gateway[\s\S]*?(?= {4}eServices)/, '')
      .replace(', liepkalni-gateway]', ']')
    const kept = await world.apply(text)
    expect(showPlan(kept)).toContain('? agreement liepkalni-gateway (liepkalni): is not in the file and stays (--prune')
    expect((await world.merchants.directory()).agreements.get('liepkalni-gateway')?.retired).toBe(false)

    const pruned = await world.apply(text, { prune: true })
    expect(showPlan(pruned)).toBe('- agreement liepkalni-gateway (liepkalni): retires')
    expect((await world.merchants.directory()).agreements.get('liepkalni-gateway')?.retired).toBe(true)
    expect((await world.apply(text, { prune: true })).changes).toEqual([])
    // Its late messages are still read.
    expect((await world.merchants.open('liepkalni-gateway', exampleNow))?.payee.iban).toBe('LV50UNLA0000000000002')

    const back = await world.apply(exampleYaml)
    expect(back.changes.map(({ kind, id }) => `${kind} ${id}`)).toEqual([
      'restored liepkalni-gateway',
      'changed property-tax',
    ])
    expect((await world.apply(exampleYaml)).changes).toEqual([])
  })

  it('prunes an account only when no agreement ever used it', async () => {
    const loose = exampleYaml.replace(
      '    support: {',
      '      - { id: old, iban: LV23HABA0000000000101 }\n    support: {',
    )
    await world.apply(loose)
    expect(showPlan(await world.apply(exampleYaml))).toBe(
      '? account old (liepkalni): is not in the file and stays (--prune takes it out)',
    )
    expect(showPlan(await world.apply(exampleYaml, { prune: true }))).toBe('- account old (liepkalni): is taken out')
    expect((await world.merchants.directory()).merchants.get('liepkalni')?.accounts).toHaveLength(2)
    expect((await world.apply(exampleYaml, { prune: true })).changes).toEqual([])
    const withoutSeb = exampleYaml
      .replace(/ {6}- id: liepkalni-gateway[\s\S]*?(?= {4}eServices)/, '')
      .replace(', liepkalni-gateway]', ']')
      .replace(/ {6}- \{ id: seb.*\n/, '')
    await world.apply(withoutSeb, { prune: true })
    expect((await world.apply(withoutSeb, { prune: true })).changes).toEqual([])
    expect((await world.merchants.directory()).merchants.get('liepkalni')?.accounts).toHaveLength(2)
  })

  it('refuses with the line what would turn one thing into another', async () => {
    await world.apply(exampleYaml)
    expect(await world.refusal(exampleYaml.replace('id: liepkalni\n', 'id: eglupe\n'))).toBe(
      [
        'cma.yaml:11:13: merchants[0].agreements[0].id: agreement "liepkalni-link" is liepkalni\'s: choose another id',
        'cma.yaml:21:13: merchants[0].agreements[1].id: agreement "liepkalni-gateway" is liepkalni\'s: choose another id',
        'cma.yaml:31:13: merchants[0].eServices[0].id: e-service "property-tax" is liepkalni\'s: choose another id',
      ].join('\n'),
    )
    const asGateway = exampleYaml
      .replace('channel: link', 'channel: gateway')
      .replace(
        /settings: \{ senderId.*\n[\s\S]*?11-01 \}\n/,
        'settings: { url: "https://a.example", banks: [x] }\n        keys: { api: { secret: { env: API_SECRET } } }\n',
      )
    expect(await world.refusal(asGateway)).toContain(
      'agreement "liepkalni-link" has attempts by link: a new channel is a new agreement',
    )
    expect((await world.merchants.directory()).merchants.has('eglupe')).toBe(false)
  })

  it('refuses when the database moved on since the difference was shown', async () => {
    const plan = await world.merchants.plan(await wantedOf(exampleYaml), { notices: world.notices })
    const confirmed = plan.ok ? plan.value.revision : -1
    await world.apply(exampleYaml)
    const result = await world.merchants.apply(await wantedOf(exampleYaml), { notices: world.notices, confirmed })
    expect(result).toEqual({ ok: false, error: 'changed_meanwhile' })
  })

  it('changes all or nothing', async () => {
    const failing: NoticeAddresses = {
      ...world.notices,
      setAddresses: async () => {
        throw new Error('no addresses today')
      },
    }
    await expect(world.merchants.apply(await wantedOf(exampleYaml), { notices: failing })).rejects.toThrow(
      'no addresses today',
    )
    expect((await world.merchants.directory()).merchants.size).toBe(0)
  })

  it('once, when two nodes apply the same file at the same moment', async () => {
    const wanted = await wantedOf(exampleYaml)
    const [a, b] = await Promise.all([
      world.merchants.apply(wanted, { notices: world.notices }),
      world.merchants.apply(wanted, { notices: world.notices }),
    ])
    expect([a, b].filter((result) => result.ok && !isDone(result.value))).toHaveLength(1)
  })
})

describe('receipts by e-mail', () => {
  it('are off until the file says so, a difference then, and in the file again', async () => {
    await world.apply(exampleYaml)
    const receiptsOf = async () => (await world.merchants.directory()).eServices.get('property-tax')?.receipts
    expect(await receiptsOf()).toBeUndefined()
    const mailed = exampleYaml.replace('- id: property-tax', '- id: property-tax\n        receipts: { email: true }')
    expect(showPlan(await world.apply(mailed))).toMatch(/\+ receipts\.email: true/)
    expect(await receiptsOf()).toEqual({ email: true })
    expect((await world.merchants.exportFile(world.notices)).yaml).toMatch(/receipts:\n +email: true/)
    expect((await world.apply(mailed)).changes).toEqual([])
    expect(showPlan(await world.apply(exampleYaml))).toMatch(/- receipts\.email: true/)
  })
})

describe('export', () => {
  it('applied to the same database changes nothing', async () => {
    await world.apply(exampleYaml)
    const { yaml, files } = await world.merchants.exportFile(world.notices)
    expect(yaml).not.toContain('BEGIN')
    expect(yaml).not.toContain('throw-away')
    const named = Object.fromEntries(files.map(({ path, bytes: content }) => [path, Buffer.from(content).toString()]))
    const plan = await world.merchants.plan(await wantedOf(yaml, named), { notices: world.notices })
    expect(plan.ok && showPlan(plan.value)).toBe('Nothing to change.')
    const moved = yaml.replace('to: 2026-12-31', 'to: 2027-12-31')
    const changed = await world.merchants.plan(await wantedOf(moved, named), { notices: world.notices })
    expect(changed.ok && showPlan(changed.value)).toMatch(
      /~ keys\.bank: sha256:.{17} to 2026-12-31 → sha256:.{17} to 2027-12-31/,
    )
  })

  it('names keys that another database does not have', async () => {
    await world.apply(exampleYaml)
    const { yaml, files } = await world.merchants.exportFile(world.notices)
    const named = Object.fromEntries(files.map(({ path, bytes: content }) => [path, Buffer.from(content).toString()]))
    const text = yaml.replace(/stored: key_\w+/, 'stored: key_of_another')
    const result = await world.merchants.plan(await wantedOf(text, named), { notices: world.notices })
    expect(result.ok ? [] : result.error.map(({ message }) => message)).toEqual([
      'no key "key_of_another" is stored for liepkalni-gateway: give the key itself',
    ])
  })
})
