import { describe, expect, it } from 'vitest'
import { chanceFrom } from '../../torture/chance.ts'
import type { Schema } from './document.ts'
import { faultsOf } from './fits.ts'
import { readBack } from './strange.ts'
import { allowedOf, brokenOf, edgesOf } from './values.ts'

const text = { type: 'string' } as const

describe('values made of a schema', () => {
  it.each<[string, Schema, readonly unknown[], readonly unknown[]]>([
    ['a pattern', { ...text, pattern: '^[A-Z]{3}$' }, [], ['', 7, null]],
    ['lengths', { ...text, minLength: 1, maxLength: 2 }, ['a', '😀😀'], ['', 'aaa', '😀😀😀']],
    ['a choice', { ...text, enum: ['one', 'many'] }, ['one', 'many'], ['ONE', null, 7]],
    ['a whole number', { type: 'integer', minimum: 1, maximum: 9 }, [1, 9], [0, 10, 1.5, '1', '7']],
    ['a list', { type: 'array', items: text, minItems: 1, maxItems: 2 }, [], [[], {}, 7]],
    [
      'an object',
      { type: 'object', properties: { a: text }, required: ['a'], additionalProperties: false },
      [],
      [{}, [], null],
    ],
  ])('%s: at its limits, and beyond', (_, schema, right, wrong) => {
    const chance = chanceFrom(1)
    const [edges, broken] = [edgesOf({}, schema, chance), brokenOf({}, schema, chance)].map((list) =>
      list.map(readBack),
    )
    expect(edges).toEqual(expect.arrayContaining([...right]))
    expect(broken).toEqual(expect.arrayContaining([...wrong]))
    for (const value of [...(edges ?? []), allowedOf({}, schema, chance)])
      expect(faultsOf({}, schema, value), JSON.stringify(value)).toEqual([])
    for (const value of broken ?? []) expect(faultsOf({}, schema, value), JSON.stringify(value)).not.toEqual([])
  })

  it.each<[string, Schema]>([
    ['a format that nobody has told of', { ...text, format: 'iban' }],
    ['a text that cannot be', { ...text, minLength: 3, maxLength: 2 }],
    ['no type', {}],
  ])('throw for %s, so that it is not left out', (_, schema) => {
    expect(() => allowedOf({}, schema, chanceFrom(1))).toThrow('say ')
  })
})

describe('faults', () => {
  const payer: Schema = { type: 'object', properties: { email: text }, additionalProperties: false }
  const schema: Schema = {
    type: 'object',
    properties: { payer, texts: { anyOf: [text, { type: 'array', items: text }] } },
  }

  it.each<[unknown, readonly (readonly string[])[]]>([
    [{ payer: { email: 7 } }, [['payer.email']]],
    [{ payer: { mail: 'x', tel: 'y' } }, [['payer.mail'], ['payer.tel']]],
    [{ texts: ['a', 7] }, [['texts.1', 'texts']]],
    [{ texts: 7 }, [['texts']]],
    [[], [['']]],
  ])('of %j are named as the hub names them', (value, places) => {
    expect(faultsOf({}, schema, value).map(({ at }) => at)).toEqual(places)
  })
})
