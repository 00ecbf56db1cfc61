import { describe, expect, it } from 'vitest'
import { type PayerPage, renderPage } from '../../src/payments/pages/index.ts'
import { frameOf, gallery } from './gallery.ts'

/** What holds for the markup of every page, without a browser. */

const assets = { stylesheet: '/assets/pay-0.css', script: '/assets/pay-0.js', icon: '/assets/icon-0.svg' }
const every = (['liepkalni', 'dzelmes'] as const).flatMap((theme) =>
  ['lv', 'en'].flatMap((language) =>
    [...gallery(frameOf(theme, language, assets), theme)].map(
      ([name, page]) => [`${theme}/${language}/${name}`, page, language] as const,
    ),
  ),
)
const draw = (page: PayerPage): string => renderPage(page).toString()

describe('every page', () => {
  it.each(every)('%s is whole: language, one heading, no text left open, nothing inline', (_, page, language) => {
    const markup = draw(page)
    expect(markup).toMatch(/^<!doctype html>\n<html lang="(lv|en)"/)
    expect(markup).toContain(`<html lang="${language}"`)
    expect(markup.match(/<h1>/g)).toHaveLength(1)
    expect(markup).not.toMatch(/\{[a-z]+\}|undefined|\[object|NaN/)
    expect(markup).not.toMatch(/\sstyle=|\son[a-z]+=|<style|<script(?! src="\/assets\/)|javascript:/)
  })

  it.each(every)('%s gives a number to quote and a way to reach support', (_, page) => {
    const markup = draw(page)
    expect(markup).toContain('7F3K-92QD')
    expect(markup).toMatch(/href="(mailto:|tel:|https:)/)
  })

  it('leads its forms and language switch to addresses of the payment, in the page’s language', () => {
    for (const [, page, language] of every) {
      const markup = draw(page)
      for (const [, action = ''] of markup.matchAll(/<form[^>]* action="([^"]+)"/g)) {
        expect(action).toMatch(new RegExp(`^(/pay/4f8kq2m7/(choose|return)\\?lang=${language}|/bank)$`))
      }
    }
  })
})

describe('what strangers wrote', () => {
  const frame = frameOf('liepkalni', 'en', assets)
  const evil = `"><script>alert('x')</script>`
  const bill = {
    description: { en: evil },
    amount: { amountMinor: 1, currency: 'EUR' },
    reference: evil,
    payUntil: 0,
  }
  const offer = { id: evil, name: { en: evil }, logo: evil, health: 'failing' } as const
  const through = offer.name

  it.each<PayerPage>([
    {
      page: 'choose',
      frame,
      bill,
      offers: [offer, { ...offer, health: 'paused', pauseText: { en: evil } }],
      last: evil,
    },
    { page: 'choose', frame, bill, offers: [offer], refused: { name: through, reason: 'declined' } },
    { page: 'confirm', frame, bill, begun: { offer: evil, name: through }, next: { offer: evil, name: through } },
    { page: 'going', frame, bill, offer, step: { step: 'redirect', url: evil } },
    { page: 'going', frame, bill, offer, step: { step: 'form', url: evil, charset: evil, fields: [[evil, evil]] } },
    { page: 'processing', frame, bill, known: 'asking', through, refreshes: true, mayChoose: true },
    {
      page: 'receipt',
      frame: { ...frame, quote: evil, brand: { ...frame.brand, texts: { 'receipt.title': { en: evil } } } },
      bill,
      issuedAt: 0,
      receipt: { paid: bill.amount, through, bankReference: evil, payee: { name: evil, iban: evil } },
    },
    { page: 'problem', frame, problem: 'bad_order', money: 'none_moved', detail: evil },
  ])('is only text on the $page page', (page) => {
    const markup = draw(page)
    expect(markup).not.toContain('<script>')
    expect(markup).toContain('&lt;script&gt;')
    expect(markup).not.toMatch(/=""></)
  })
})
