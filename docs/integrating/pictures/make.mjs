// Draws the pictures of payments.md anew: node docs/integrating/pictures/make.mjs (after `npm run build`; wants Chromium).
// They show what the page's own cma.yaml and first order lead to, on the built program.
import { execFileSync, spawn } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium } from 'playwright-core'

const ROOT = join(import.meta.dirname, '../../..')
const MAX_BYTES = 60_000
const WIDTH = 640

/** The hub and its banks, in a folder that goes again. */
const startDemo = async (folder) => {
  const demo = spawn(process.execPath, [join(ROOT, 'dist/app/cli.js'), 'demo'], {
    cwd: folder,
    env: { ...process.env, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let said = ''
  for await (const text of demo.stdout.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
    said += text
    if (said.includes('Test mode')) break
  }
  demo.stdout.resume()
  const addressAfter = (label) => new RegExp(`${label} +(http://\\S+)`).exec(said)?.[1]
  return { demo, hub: addressAfter('payment hub'), bank: addressAfter('simulated banks') }
}

const ebizness = (folder, ...args) =>
  execFileSync(process.execPath, [join(ROOT, 'dist/app/cli.js'), ...args], { cwd: folder, encoding: 'utf8' })

/** The page's own merchant, and the address of its first payment. */
const order = async (folder, { hub, bank }) => {
  const page = readFileSync(join(ROOT, 'docs/integrating/payments.md'), 'utf8')
  const file = /^```yaml my-service\/cma\.yaml\n([\s\S]*?)^```/m.exec(page)?.[1] ?? ''
  mkdirSync(join(folder, 'my-service'))
  writeFileSync(join(folder, 'my-service/cma.yaml'), file.replaceAll('http://localhost:8081', bank))
  writeFileSync(join(folder, 'my-service/sandbox-api.txt'), 'sandbox_MYTOWN_any-sixteen-characters-or-more')
  cpSync(
    join(ROOT, 'src/sandbox/demo/keys/sandbox-bank.public.pem'),
    join(folder, 'my-service/sandbox-bank.public.pem'),
  )
  ebizness(folder, 'apply', 'my-service/cma.yaml', '--yes')
  const { key } = JSON.parse(ebizness(folder, 'keys', 'create', '--e-service', 'water-bills', '--json'))
  const answer = await fetch(`${hub}/v1/payments`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'idempotency-key': 'pictures', 'content-type': 'application/json' },
    body: JSON.stringify({
      reference: 'WATER-2026-0001',
      amount: 1234,
      currency: 'EUR',
      description: { en: 'Water, October 2026' },
      returnUrl: 'http://localhost:8090/back',
    }),
  })
  return (await answer.json()).payUrl
}

const draw = async (payUrl) => {
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-lcd-text'],
  })
  const page = await browser.newPage({ viewport: { width: WIDTH, height: 640 }, locale: 'en' })
  const shoot = async (name) => {
    const path = join(import.meta.dirname, `${name}.png`)
    await page.screenshot({ path })
    const { size } = statSync(path)
    if (size > MAX_BYTES) throw new Error(`${name}.png has ${size} bytes, more than ${MAX_BYTES}`)
    console.log(`${name}.png ${size}`)
  }
  await page.goto(payUrl)
  await shoot('choose')
  await page.locator('input[name=offer]').first().check()
  await page.locator('form[action*="/choose"] button').first().click()
  await page.waitForURL(/\/checkout\//)
  await shoot('bank')
  await page.locator('button[value=pay]').click()
  await page.waitForURL(/\/pay\//)
  await shoot('paid')
  await browser.close()
}

const folder = mkdtempSync(join(tmpdir(), 'ebizness-pictures-'))
const world = await startDemo(folder)
try {
  await draw(await order(folder, world))
} finally {
  world.demo.kill()
  await new Promise((resolve) => world.demo.once('exit', resolve))
  rmSync(folder, { recursive: true, force: true })
}
