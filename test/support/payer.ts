/** A payer with a browser that runs no scripts: follows redirects by hand, posts forms, and shows where it ended. */
export type Visit = {
  readonly status: number
  readonly url: string
  readonly text: string
  readonly page: string | undefined
}

export type Form = {
  readonly action: string
  readonly method: string
  readonly fields: Readonly<Record<string, string>>
}

const unescaped = (text: string): string =>
  text
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')

const attributeOf = (tag: string, name: string): string | undefined => {
  const found = new RegExp(`\\s${name}="([^"]*)"`).exec(tag)?.[1]
  return found === undefined ? undefined : unescaped(found)
}

/** All forms of a page, hidden and submit-less fields filled in. */
export const formsOf = (visit: Pick<Visit, 'text' | 'url'>): readonly Form[] =>
  [...visit.text.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/g)].map(([, head = '', inside = '']) => ({
    action: new URL(attributeOf(` ${head}`, 'action') ?? visit.url, visit.url).href,
    method: (attributeOf(` ${head}`, 'method') ?? 'get').toUpperCase(),
    fields: Object.fromEntries(
      [...inside.matchAll(/<input\b[^>]*type="hidden"[^>]*>/g)].map(([tag]) => [
        attributeOf(tag, 'name') ?? '',
        attributeOf(tag, 'value') ?? '',
      ]),
    ),
  }))

const MAX_HOPS = 10

export const visit = async (url: string, init: RequestInit = {}): Promise<Visit> => {
  let response = await fetch(url, { ...init, redirect: 'manual' })
  let at = url
  for (let hops = 0; response.status >= 300 && response.status < 400; hops++) {
    if (hops === MAX_HOPS) throw new Error(`redirected in circles at ${at}`)
    at = new URL(response.headers.get('location') ?? '', at).href
    response = await fetch(at, { redirect: 'manual' })
  }
  const text = await response.text()
  return { status: response.status, url: at, text, page: /data-page="([^"]*)"/.exec(text)?.[1] }
}

export const submit = (form: Form, more: Readonly<Record<string, string>> = {}): Promise<Visit> =>
  form.method === 'POST'
    ? visit(form.action, { method: 'POST', body: new URLSearchParams({ ...form.fields, ...more }) })
    : visit(`${form.action}?${new URLSearchParams({ ...form.fields, ...more })}`)
