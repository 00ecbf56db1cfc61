import { describe, expect, it } from 'vitest'
import { en } from './en.ts'
import { isTextKey, languageName, slotsOf, speak, spokenLanguages } from './index.ts'
import { lv } from './lv.ts'

const keys = Object.keys(lv).filter(isTextKey)

describe('every text', () => {
  it('uses in Latvian only what the English one is given', () => {
    for (const key of keys) expect(slotsOf(en[key]), key).toEqual(expect.arrayContaining([...slotsOf(lv[key])]))
  })

  it('is said, and never twice the same by mistake of copying', () => {
    const same = keys.filter((key) => en[key].trim() === '' || lv[key].trim() === '' || String(en[key]) === lv[key])
    expect(same).toEqual([])
  })
})

describe('a speaker', () => {
  it('puts values into their places', () => {
    expect(speak('en').say('paid.title', { amount: '€1.00' })).toBe('€1.00 paid')
    expect(speak('lv').say('choose.continue-with', { name: 'Kaskbanka' })).toBe('Turpināt: Kaskbanka')
  })

  it('writes money without a float showing, to the last cent', () => {
    const amount = { amountMinor: 99_999_999_999, currency: 'EUR' }
    expect(speak('en').money(amount)).toBe('€999,999,999.99')
    expect(speak('lv').money(amount)).toBe('999\u00a0999\u00a0999,99\u00a0€')
    expect(speak('lv').money({ amountMinor: 5, currency: 'EUR' })).toBe('0,05\u00a0€')
    expect(speak('en').money({ amountMinor: 1234, currency: 'JPY' })).toContain('1,234')
  })

  it('writes dates of Riga', () => {
    const lastMoment = 1_798_754_340_000 // 2026-12-31T21:59:00Z
    expect(speak('en').dateTime(lastMoment)).toBe('31 December 2026 at 23:59')
    expect(speak('lv').date(lastMoment)).toBe('2026. gada 31. decembris')
  })

  it('prefers the merchant’s own words, in this language only', () => {
    const own = { 'paid.text': { en: 'Ta!' } }
    expect(speak('en', own).say('paid.text')).toBe('Ta!')
    expect(speak('lv', own).say('paid.text')).toBe(lv['paid.text'])
  })

  it('falls back to English as a whole', () => {
    expect(speak('xx').language).toBe('en')
    expect(speak('toString').say('paid.text')).toBe(en['paid.text'])
  })

  it('knows the languages by their own names', () => {
    expect(spokenLanguages.map(languageName)).toEqual(['Latviešu', 'English'])
  })
})
