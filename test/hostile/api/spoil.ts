import type { ApiOperation, ApiParameter } from './document.ts'
import { type Draft, type Spoil, withHeader, withParameter } from './draft.ts'
import { parameterTexts } from './parameters.ts'
import { BODY } from './spoil-body.ts'
import { STRANGE_SEGMENTS, strangeText } from './strange.ts'
import { pickOf } from './values.ts'

/** Every way to spoil a request. */

const NOBODYS = 'nobody’s key'

const always = () => true
const isPost = ({ method }: ApiOperation) => method === 'POST'
const hasPath = ({ path }: ApiOperation) => path.includes('{')
const hasQuery = ({ parameters }: ApiOperation) => parameters.some(isQuery)
const isQuery = ({ in: place }: ApiParameter) => place === 'query'

const HEADERS: readonly Spoil[] = [
  {
    name: 'Idempotency-Key',
    fits: isPost,
    change: (draft, chance) => {
      const values = chance.pick<readonly string[]>(
        [],
        [''],
        ['a b'],
        ['k'.repeat(256)],
        ['\xe9\xff'],
        ['a', 'b'],
        ['\t'],
      )
      withHeader(draft, 'idempotency-key', ...values)
      return values.join('|').slice(0, 20)
    },
  },
  {
    name: 'Authorization',
    fits: always,
    change: (draft, chance) => {
      if (draft.caller !== 'ours') return undefined
      const own = draft.headers.find(([name]) => name === 'authorization')?.[1] ?? ''
      const values = chance.pick<readonly string[]>(
        [],
        [''],
        ['Basic c2tfdGVzdDo='],
        ['Bearer '],
        [`${own}x`],
        [own.slice(0, -1)],
        [own.toUpperCase()],
        [`${own} `.repeat(2)],
        ['Bearer sk_live_00000000000000000000'],
        [`Bearer ${'a'.repeat(8_000)}`],
        ["Bearer ' or 1=1 --"],
        ['Bearer \xff\xfe'],
        [own.replace('Bearer', 'Digest')],
      )
      withHeader(draft, 'authorization', ...values)
      draft.caller = 'nobody'
      draft.refused = NOBODYS
      return values[0]?.slice(0, 12)
    },
  },
  {
    name: 'another e-service’s key',
    // An order that they make is theirs, whatever stands in it.
    fits: ({ operationId }) => operationId !== 'createPayment',
    change: (draft) => {
      withHeader(draft, 'authorization', `Bearer ${draft.foreign.key}`)
      draft.caller = 'theirs'
      if (draft.refused === NOBODYS) draft.refused = undefined
      return undefined
    },
  },
  {
    name: 'a header that changes nothing, or so it should be',
    fits: always,
    change: (draft, chance) => {
      const [name, value] = chance.pick(
        ['traceparent', '00-ffffffffffffffffffffffffffffffff-ffffffffffffffff-ff'],
        ['traceparent', 'x'.repeat(3_000)],
        ['x-forwarded-for', '\xff, ,,, 1.2.3.4.5, ::::'],
        ['x-http-method-override', 'DELETE'],
        ['accept', 'application/xml;q=\xff, */*;q=abc'],
        ['accept', 'application/pdf;q=1e309'],
        ['accept-language', `${'xx,'.repeat(1_000)}*`],
        ['accept-encoding', 'gzip;q=1e400, zstd, \xff'],
        ['cookie', `${'a=b; '.repeat(800)}__proto__=x`],
        ['origin', 'null'],
        ['range', 'bytes=0-1,-1,99999999999999-'],
        ['if-none-match', '*'],
        ['content-language', 'lv\xff'],
      )
      withHeader(draft, name ?? '', value ?? '')
      return name
    },
  },
]

const ADDRESSES: readonly Spoil[] = [
  {
    name: 'an id is strange',
    fits: hasPath,
    change: (draft, chance, { path }) => {
      const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name)
      const name = pickOf(chance, names) ?? ''
      const value = chance.pick('x', ...STRANGE_SEGMENTS)
      draft.segments.set(name, value)
      draft.owner = undefined
      return `${name} ${value.slice(0, 30)}`
    },
  },
  {
    name: 'another e-service’s id',
    fits: hasPath,
    change: (draft, chance, { path }) => {
      const { paid, open, refund, event } = draft.foreign
      const payment = path.includes('{refund}') ? paid : chance.pick(paid, open)
      draft.segments.set('id', path.startsWith('/v1/events') ? event : payment)
      draft.segments.set('refund', refund)
      draft.owner = 'theirs'
      return undefined
    },
  },
  {
    name: 'a parameter is strange',
    fits: hasQuery,
    change: (draft, chance, { parameters }) => {
      const { name } = pickOf(
        chance,
        parameters.filter(({ in: place }) => place === 'query'),
      ) ?? { name: '' }
      const value = chance.happens(0.5)
        ? chance.pick('', ...STRANGE_SEGMENTS)
        : encodeURIComponent(strangeText(chance).replaceAll(/[\ud800-\udfff]/g, '')).slice(0, 6_000)
      const others = draft.query.filter(([known]) => known !== name)
      draft.query = chance.pick<Draft['query']>(
        [...others, [name, value]],
        [...others, [name, value], [name, '1']],
        [...others, [name, '1'], [name, value]],
        [...others, [`${name}[]`, value]],
        [...others, [name.toUpperCase(), value]],
      )
      return `${name} ${value.slice(0, 30)}`
    },
  },
  {
    name: 'a parameter that there is not',
    fits: always,
    change: (draft, chance) => {
      draft.query = [
        ...draft.query,
        [chance.pick('__proto__', 'x', '%00', '%ff', 'constructor[prototype][x]', ''), '1'],
      ]
      return undefined
    },
  },
]

const PARAMETERS: readonly Spoil[] = (['right', 'wrong'] as const).map((which) => ({
  name: which === 'right' ? 'a parameter as the document allows' : 'a parameter as the document forbids',
  fits: ({ parameters }) => parameters.length > 0,
  change: (draft, chance, { parameters }, { shapes }) => {
    const parameter = pickOf(chance, parameters)
    const text = parameter && pickOf(chance, parameterTexts(shapes, parameter, chance)[which])
    if (!parameter || text === undefined) return undefined
    withParameter(draft, parameter, text)
    return `${parameter.name} ${text.slice(0, 30)}`
  },
}))

export const SPOIL: readonly Spoil[] = [...BODY, ...HEADERS, ...ADDRESSES, ...PARAMETERS]
