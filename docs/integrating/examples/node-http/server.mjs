// A whole e-service on node:http: order, redirect, return page, notices. Node 20.19 or later; `npm install ebizness`.
import { createServer } from 'node:http'
import { openHub, orThrow, verifyNotice, verifyReturn } from 'ebizness/sdk'

const setting = (name) => {
  const value = process.env[name]
  if (!value) throw new Error(`Set ${name}: see docs/integrating/examples/README.md`)
  return value
}
const HUB_URL = setting('HUB_URL')
const E_SERVICE = setting('E_SERVICE')
const PUBLIC_URL = setting('PUBLIC_URL')
const NOTICE_KEYS = setting('HUB_NOTICE_KEYS').split(' ')
const hub = openHub({ url: HUB_URL, apiKey: setting('HUB_API_KEY') })
const MAX_NOTICE_BYTES = 65_536

// ------------------------------------------------------------------------------------------------------------------- what we know
// Put your database here. One table for bills; one for payments, a row for each that the hub told of:
//   insert into payment (id, reference, sequence, status, final) values ($1, $2, $3, $4, $5)
//   on conflict (id) do update set sequence = $3, status = $4, final = $5 where payment.sequence < $3
const bills = new Map([['NIN-2026-000123', { amount: 12_345, text: 'Property tax 2026', payments: new Map() }]])

/** Whichever payment: one that was given up can still be paid at the bank, and then the hub flags it for a person. */
const isPaid = (bill) => [...bill.payments.values()].some(({ status }) => status === 'executed')
const openPayment = (bill) => [...bill.payments.values()].find(({ final }) => !final)

/** Acts on what the hub tells, once and in the payment's order: a sequence that was passed changes nothing. */
const hear = ({ sequence, data: { payment } }) => {
  const bill = bills.get(payment.reference)
  const known = bill?.payments.get(payment.id)
  if (!bill || sequence <= (known?.sequence ?? 0)) return
  bill.payments.set(payment.id, { ...known, sequence, status: payment.status, final: payment.final })
  if (payment.attention.length > 0) console.warn(`${payment.reference}: a person must look: ${payment.attention}`)
}

/** What happened while we were away. Keep the cursor in your database and begin with it. */
const catchUp = async () => {
  for (let cursor, more = true; more; ) {
    const told = orThrow(await hub.events(cursor))
    for (const event of told.events) hear(event)
    cursor = told.cursor
    more = told.more
  }
}

// ------------------------------------------------------------------------------------------------------------ what payers and hub ask
/** Where to send a payer who wants to pay. Asked twice it is the same payment, since it is the same key. */
const payAddress = async (reference, bill) => {
  if (isPaid(bill)) return '/'
  const open = openPayment(bill)
  if (open?.payUrl) return open.payUrl
  const order = {
    reference,
    amount: bill.amount,
    currency: 'EUR',
    description: bill.text,
    returnUrl: `${PUBLIC_URL}/back`,
  }
  let made = await hub.createPayment(order, { idempotencyKey: `${reference}-${bill.payments.size + 1}` })
  if (!made.ok && made.problem.code === 'reference_in_use') made = await hub.getPayment(made.problem.payment)
  const { id, status, final, payUrl } = orThrow(made)
  bill.payments.set(id, { sequence: 0, status, final, ...bill.payments.get(id), payUrl })
  return payUrl
}

/** What the payer's browser brought back may be shown; the bill becomes paid by the notice alone. */
const welcomeBack = async (token) => {
  const now = Date.now()
  const back = await verifyReturn({ token, keys: hub.returnKeys, issuer: HUB_URL, eService: E_SERVICE, now })
  if (!back.ok) return page('Welcome back. Your bills tell what is paid.')
  if (back.status === 'executed') return page('Thank you. The bank has confirmed your payment.')
  if (back.status === 'accepted' || back.status === 'started') return page('The bank is working on it. You may leave.')
  return page('Nothing was paid. You may try again.')
}

/** The HTTP status to answer with. `body` must be the bytes as they came: the signature is over them. */
const takeNotice = (headers, body) => {
  const checked = verifyNotice({ headers, body, keys: NOTICE_KEYS, eService: E_SERVICE, now: Date.now() })
  if (checked.kind === 'refused') console.warn(`a notice was refused: ${checked.reason}`)
  else hear(checked.notice)
  return checked.kind === 'refused' ? 400 : 204
}

const page = (text) =>
  `<!doctype html><html lang="en"><meta charset="utf-8"><title>Bills</title><p>${text}</p><a href="/">Bills</a>`
/** Never through a fraction: money is whole cents. */
const euros = (cents) => `${Math.trunc(cents / 100)}.${String(cents % 100).padStart(2, '0')} EUR`
const button = (reference) => `<form method="post" action="/bills/${reference}/pay"><button>Pay</button></form>`
const billLine = ([reference, bill]) =>
  `${bill.text}, ${euros(bill.amount)}: ${isPaid(bill) ? 'paid' : button(reference)}`
const billsPage = () => page([...bills].map(billLine).join('<br>'))

// ------------------------------------------------------------------------------------------------------------------------- node:http
const bodyOf = async (request) => {
  const chunks = []
  let bytes = 0
  for await (const chunk of request) {
    bytes += chunk.length
    if (bytes > MAX_NOTICE_BYTES) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
const shown = (response, html, status = 200) =>
  response.writeHead(status, { 'content-type': 'text/html; charset=utf-8' }).end(html)

const answer = async (request, response) => {
  const { pathname, searchParams } = new URL(request.url, PUBLIC_URL)
  const reference = /^\/bills\/([\w-]+)\/pay$/.exec(pathname)?.[1]
  const bill = bills.get(reference)
  const asked = `${request.method} ${pathname}`
  if (asked === 'GET /') return shown(response, billsPage())
  if (asked === 'GET /back') return shown(response, await welcomeBack(searchParams.get('token') ?? ''))
  if (asked === 'POST /notices') {
    const body = await bodyOf(request)
    return response.writeHead(body ? takeNotice(request.headers, body) : 413, body ? {} : { connection: 'close' }).end()
  }
  if (request.method === 'POST' && bill) {
    return response.writeHead(303, { location: await payAddress(reference, bill) }).end()
  }
  return shown(response, page('There is no such page.'), 404)
}

const server = createServer((request, response) => {
  answer(request, response).catch((error) => {
    console.error(error)
    if (!response.headersSent)
      shown(response, page('It did not work. Nothing was paid by this; please try again.'), 502)
  })
})

await catchUp()
server.listen(Number(setting('PORT')), () => console.log(`listens as ${PUBLIC_URL}`))
