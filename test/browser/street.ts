import { createServer } from 'node:http'
import type { Page } from 'playwright-core'
import { type Demo, startDemo } from '../../src/sandbox/index.ts'
import { startTestHub, type TestHub } from '../support/hub.ts'

/** A hub at work, the simulated banks and the demo e-service, on origins of their own, as `ebizness demo` puts them together. */
export type Street = {
  readonly hub: TestHub
  readonly shop: Demo
  /** Lets the hub hand its payers to a bank that sends them on to another host name first. */
  banksRedirect(): Promise<void>
  /** Every origin that a browser may speak to. */
  readonly origins: ReadonlySet<string>
  stop(): Promise<void>
}

const E_SERVICE = 'property-tax'

export const openStreet = async (): Promise<Street> => {
  const hub = await startTestHub()
  const { key } = await hub.keyOf(E_SERVICE)
  const shop = await startDemo({
    port: 0,
    clock: hub.clock,
    access: async () => ({
      hubRoot: hub.root,
      apiKey: key,
      eService: E_SERVICE,
      noticeKeys: (await hub.composed.notices.addresses(E_SERVICE)).flatMap((one) => [one.secret, one.publicKey]),
    }),
    log: () => {},
  })
  const detour = await openDetour(hub.world.root)
  const inShop = (text: string) => text.replaceAll(hub.shopRoot, shop.root)
  await hub.apply(inShop)
  await hub.composed.work()
  return {
    hub,
    shop,
    origins: new Set([hub.root, hub.world.root, shop.root, ...detour.origins]),
    banksRedirect: () =>
      hub.apply((text) => inShop(text).replaceAll(`${hub.world.root}/swedbank-lv`, `${detour.root}/swedbank-lv`)),
    stop: async () => {
      await detour.stop()
      await shop.stop()
      await hub.stop()
    },
  }
}

/** Posts to `localhost` are sent on to `127.0.0.1`, and from there to the bank: three hosts for one form, as at real banks. */
const openDetour = async (bankRoot: string) => {
  const server = createServer((request, response) => {
    request.resume()
    const asked = request.headers.host ?? ''
    const next = asked.startsWith('localhost:') ? `http://${asked.replace('localhost', '127.0.0.1')}` : bankRoot
    response.writeHead(307, { location: next + request.url }).end()
  })
  await new Promise<void>((listening) => server.listen(0, listening))
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  const root = `http://localhost:${port}`
  return {
    root,
    origins: [root, `http://127.0.0.1:${port}`],
    stop: () =>
      new Promise<void>((stopped) => {
        server.close(() => stopped())
        server.closeAllConnections()
      }),
  }
}

/** Waits until the hub shows this page. */
export const reaches = async (page: Page, state: string): Promise<void> => {
  await page.locator(`main[data-page="${state}"]`).waitFor()
}
