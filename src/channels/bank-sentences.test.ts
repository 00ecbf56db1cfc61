import { expect, it } from 'vitest'
import { languageOf } from './bank-sentences.ts'

it.each([
  ['LAT', { language: 'lv' }],
  ['EST', { language: 'et' }],
  ['LIT', { language: 'lt' }],
  ['ENG', { language: 'en' }],
  ['RUS', { language: 'ru' }],
  ['XXX', {}],
  ['', {}],
  [undefined, {}],
])('an order with the language %s asks for %j', (code, language) => {
  expect(languageOf(code)).toEqual(language)
})
