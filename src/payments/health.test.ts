import { describe, expect, it } from 'vitest'
import { SECOND_MS } from '../kernel/time.ts'
import type { Offer } from '../merchants/index.ts'
import { openHealth } from './health.ts'

const offer: Offer = {
  id: 'sandbox',
  agreement: 'liepkalni-sandbox',
  channel: 'sandbox',
  name: { en: 'Sandbox bank' },
  logo: '/look/channel/sandbox.svg',
  currencies: ['EUR'],
  health: 'good',
}

/** `x` a call failed, `o` it went well, `-` a minute passed. */
const healthAfter = (story: string, shown: Offer = offer): Offer['health'] => {
  let now = 0
  const health = openHealth({ now: () => now })
  for (const step of story) {
    now += step === '-' ? 60 * SECOND_MS : SECOND_MS
    if (step !== '-') health.note(offer.agreement, step === 'o')
  }
  return health.shown(shown).health
}

describe('the health of a PSP that is called', () => {
  it.each([
    ['', 'good'],
    ['xx', 'good'],
    ['xxx', 'failing'],
    ['xxo', 'good'],
    ['xxoxx', 'good'],
    ['xxxo', 'good'],
    ['xxx-', 'good'],
    ['xxx-x', 'failing'],
  ])('after "%s" is %s', (story, health) => expect(healthAfter(story)).toBe(health))

  it('leaves an announced pause alone', () => expect(healthAfter('xxx', { ...offer, health: 'paused' })).toBe('paused'))

  it('says nothing of another agreement', () =>
    expect(healthAfter('xxx', { ...offer, agreement: 'other' })).toBe('good'))
})
