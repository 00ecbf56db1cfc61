// A whole e-service on Express 5: order, redirect, return page, notices. Node 20.19 or later; `npm install ebizness express`.

import { openHub, orThrow, verifyNotice, verifyReturn } from 'ebizness/sdk'
import express from 'express'

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

// ------------------------------------------------------------------------------------------------------------------------- Express
const app = express()
app.get('/', (_request, response) => response.send(billsPage()))
app.get('/back', async (request, response) => response.send(await welcomeBack(String(request.query.token ?? ''))))
app.post('/bills/:reference/pay', async (request, response, next) => {
  const { reference } = request.params
  const bill = bills.get(reference)
  if (!bill) return next()
  response.redirect(303, await payAddress(reference, bill))
})
// Raw, and before any express.json(): what is parsed first cannot be verified any more.
app.post('/notices', express.raw({ type: () => true, limit: MAX_NOTICE_BYTES }), (request, response) => {
  response.sendStatus(takeNotice(request.headers, request.body ?? ''))
})
app.use((_request, response) => response.status(404).send(page('There is no such page.')))
app.use((error, _request, response, _next) => {
  console.error(error)
  response.status(error.status ?? 502).send(page('It did not work. Nothing was paid by this; please try again.'))
})

await catchUp()
app.listen(Number(setting('PORT')), () => console.log(`listens as ${PUBLIC_URL}`))
