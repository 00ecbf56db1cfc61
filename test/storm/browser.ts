import { type Form, formsOf } from '../support/payer.ts'
import type { Node } from './caller.ts'

/** A payer's browser that reaches either hub, whatever address it was given: as through a balancer. */
export type Browser = { readonly roots: readonly [string, string]; readonly peer: string }

export type Page = {
  readonly url: string
  readonly status: number
  readonly text: string
  readonly page: string | undefined
}

const MAX_HOPS = 10

/** An address of the hub's, at this one of the two. */
export const throughNode = ({ roots }: Browser, node: Node, url: string): string =>
  roots.some((root) => url.startsWith(root)) ? roots[node] + new URL(url).pathname + new URL(url).search : url

/** Follows redirects to the hub through the same one of the two. */
export const browse = async (browser: Browser, node: Node, url: string, init: RequestInit = {}): Promise<Page> => {
  let at = throughNode(browser, node, url)
  let sent = init
  for (let hops = 0; ; hops++) {
    if (hops === MAX_HOPS) throw new Error(`redirected in circles at ${at}`)
    const headers = { 'x-forwarded-for': browser.peer }
    const response = await fetch(at, { ...sent, headers, redirect: 'manual' })
    const text = await response.text()
    const location = response.headers.get('location')
    if (location === null || response.status < 300 || response.status >= 400)
      return { url: at, status: response.status, text, page: /data-page="([^"]*)"/.exec(text)?.[1] }
    at = throughNode(browser, node, new URL(location, at).href)
    sent = {}
  }
}

export const submit = (
  browser: Browser,
  node: Node,
  form: Form,
  more: Readonly<Record<string, string>> = {},
): Promise<Page> => {
  const fields = new URLSearchParams({ ...form.fields, ...more })
  return form.method === 'POST'
    ? browse(browser, node, form.action, { method: 'POST', body: fields })
    : browse(browser, node, `${form.action}${fields.size > 0 ? `?${fields}` : ''}`)
}

/** The form of a page that leads to an address like this. */
export const formTo = (page: Page, where: string): Form | undefined =>
  formsOf(page).find(({ action }) => action.startsWith(where))
