import { type Html, html, type Layout, layout, type Part, summaryList } from '../../platform/html/index.ts'
import {
  type Answer,
  type Call,
  callsOf,
  type Document,
  type Field,
  fieldsOf,
  isOwn,
  noticesOf,
  type OwnSchema,
  type Schema,
  shapeName,
  shapesOf,
} from './document.ts'
import { kindOf, shapeId, shapeLink } from './kinds.ts'

/** The API for people who read: drawn from the document that programs read, so that it cannot say anything else. English only. */

export type Reference = {
  readonly document: Document
  readonly codes: Readonly<Record<string, { readonly status: number; readonly means: string }>>
  /** Where the hub is reached, without a slash at the end. */
  readonly publicUrl: string
  readonly assets: Layout['assets'] & { readonly reference: string }
}

export const referencePage = (reference: Reference): Html => {
  const { document, assets } = reference
  const calls = callsOf(document)
  const notices = noticesOf(document)
  const bodies = new Set([...calls, ...notices].flatMap(({ body }) => (body ? [shapeName(body)] : [])))
  const shapes = shapesOf(document).filter(([name]) => !bodies.has(name))
  return layout({
    language: 'en',
    title: 'API reference – CMA',
    assets,
    theme: assets.reference,
    bar: { name: 'CMA', under: 'API reference' },
    languages: [],
    texts: { skip: 'Skip to the content', languages: '' },
    foot: html`<p>Drawn from <a href="${reference.publicUrl}/v1/openapi.json">the OpenAPI document</a> of this hub.</p>`,
    state: 'reference',
    content: html`<div class="ref">
<div class="ref-opening">
${opening(reference)}
</div>
${contents(calls, notices, shapes)}
<div class="ref-body">
${calls.map((call) => callSection(call, document, ASKED))}
${notices.map((call) => callSection(call, document, TOLD))}
<section><h2 id="shapes">Shapes</h2>
${shapes.map(([name, schema]) => shapeSection(name, schema))}
</section>
${problems(reference.codes)}
</div>
</div>`,
  })
}

// ---------------------------------------------------------------------------------------------------------------------- the start

const contents = (
  calls: readonly Call[],
  notices: readonly Call[],
  shapes: readonly (readonly [string, OwnSchema])[],
): Html =>
  html`<nav class="ref-contents" aria-label="Contents">
<h2>Calls</h2>
<ul>${calls.map(contentsLine)}</ul>
<h2>Notices</h2>
<ul>${notices.map(contentsLine)}</ul>
<h2>Shapes</h2>
<ul class="ref-contents__shapes">${shapes.map(([name]) => html`<li>${shapeLink(name)}</li>`)}</ul>
<h2><a href="#problems">Problems</a></h2>
</nav>`

const contentsLine = ({ id, method, path, summary }: Call): Html =>
  html`<li><a href="#${id}">${summary}</a> <span>${method} ${broken(path)}</span></li>`

const opening = ({ document, publicUrl }: Reference): Html => html`<h1>API reference</h1>
<p class="ref-lead">${document.info.description}</p>
${summaryList([
  { key: 'Address', value: html`<code>${publicUrl}</code>` },
  {
    key: 'Key',
    value: html`<code>Authorization: Bearer …</code>, made with <code>ebizness keys create --e-service …</code>`,
  },
  {
    key: 'Once',
    value: html`Each POST brings an <code>Idempotency-Key</code>: the same again gives the same answer, and is done once.`,
  },
  { key: 'For programs', value: html`<a href="${publicUrl}/v1/openapi.json">OpenAPI 3.1</a>` },
])}
<pre class="ref-example" tabindex="0" aria-label="Example"><code>${exampleFor(publicUrl)}</code></pre>`

const exampleFor = (publicUrl: string): string => `curl ${publicUrl}/v1/payments \\
  -H "Authorization: Bearer $KEY" \\
  -H "Content-Type: application/json" \\
  -H "Idempotency-Key: NIN-2026-000123" \\
  -d '{
    "reference": "NIN-2026-000123",
    "amount": 12345,
    "currency": "EUR",
    "description": "Property tax 2026",
    "returnUrl": "https://tax.example/back"
  }'`

// ----------------------------------------------------------------------------------------------------------------------- one call

/** Who sends: what is asked may be left out unless it is required; what is told is there unless it says otherwise. */
type Way = { readonly body: 'asked' | 'told'; readonly answers: string }
const ASKED: Way = { body: 'asked', answers: 'Answers' }
const TOLD: Way = { body: 'told', answers: 'What you answer' }

const callSection = (call: Call, document: Document, way: Way): Html => {
  const { id, method, path, summary, description, parameters, body, answers } = call
  return html`<section class="pay-card ref-call" aria-labelledby="${id}">
<h2 id="${id}">${summary}</h2>
<p class="ref-address"><span class="ref-method ref-method--${method.toLowerCase()}">${method}</span> <code>${broken(path)}</code></p>
${description !== undefined && html`<p>${marked(description)}</p>`}
${parameters.length > 0 && html`<h3>Parameters</h3>${fieldList(parameters, 'asked')}`}
${body && html`<h3>Body</h3>${bodyFields(body, document, way.body)}`}
<h3>${way.answers}</h3>
${answerList(answers)}
</section>`
}

const bodyFields = (body: Schema, document: Document, way: Way['body']): Part => {
  const name = shapeName(body)
  const schema = name === undefined ? body : shapesOf(document).find(([known]) => known === name)?.[1]
  return schema && isOwn(schema) && fieldList(fieldsOf(schema), way)
}

/** What is answered when all is well has a shape; all that is not well has one and the same. */
const answerList = (answers: readonly Answer[]): Html =>
  html`<dl class="ref-fields ref-answers">${answers.map(
    ({ status, description, schema }) =>
      html`<div><dt><code>${status}</code></dt><dd>${description}${schema && answerShape(schema)}</dd></div>`,
  )}</dl>`

const answerShape = (schema: Schema): Part => {
  const name = shapeName(schema)
  if (name !== undefined) return html` <span class="ref-kind">${shapeLink(name)}</span>`
  return isOwn(schema) && fieldList(fieldsOf(schema), 'told')
}

const needOf = (way: Way['body'], required: boolean): Part => {
  if (way === 'asked') return required && html` <span class="ref-required">required</span>`
  return !required && html` <span class="ref-required">may be absent</span>`
}

const fieldList = (fields: readonly Field[], way: Way['body']): Html =>
  html`<dl class="ref-fields">${fields.map(
    (field) =>
      html`<div><dt><code>${field.name}</code>${needOf(way, field.required)}<span class="ref-kind">${field.place !== undefined && `${field.place}, `}${kindOf(field.schema)}</span></dt>
<dd>${meaningOf(field.schema)}${inside(field.schema, way)}</dd></div>`,
  )}</dl>`

const meaningOf = (schema: Schema): Part => {
  if (!isOwn(schema)) return undefined
  const { description = '', example } = schema
  return [
    marked(description),
    example !== undefined && html` <span class="ref-kind">e.g. <code>${String(example)}</code></span>`,
  ]
}

/** The fields of an object that has no name of its own, or of a list of such. */
const inside = (schema: Schema, way: Way['body']): Part => {
  if (!isOwn(schema)) return undefined
  if (schema.properties) return fieldList(fieldsOf(schema), way)
  return 'items' in schema && schema.items && inside(schema.items, way)
}

// ------------------------------------------------------------------------------------------------------------- shapes and problems

const shapeSection = (name: string, schema: OwnSchema): Html =>
  html`<section class="pay-card ref-call" aria-labelledby="${shapeId(name)}"><h3 id="${shapeId(name)}">${name}</h3>
<p>${schema.description}</p>${fieldList(fieldsOf(schema), 'told')}</section>`

const problems = (
  codes: Reference['codes'],
): Html => html`<section class="pay-card ref-call" aria-labelledby="problems">
<h2 id="problems">Problems</h2>
<p>Whatever is not well is answered as ${shapeLink('Problem')} with one of these codes. None changes its meaning; more may come.</p>
<dl class="ref-fields">${Object.entries(codes).map(
  ([code, { status, means }]) =>
    html`<div><dt><code>${code}</code><span class="ref-kind">${status}</span></dt><dd>${means}</dd></div>`,
)}</dl></section>`

// ------------------------------------------------------------------------------------------------------------------------- texts

/** A text in which code stands between backticks. */
const marked = (text: string): Part =>
  text.split('`').map((part, place) => (place % 2 === 1 ? html`<code>${part}</code>` : part))

/** An address that may break after its slashes, so that it fits a phone. */
const broken = (path: string): Part => path.split('/').map((part, place) => (place === 0 ? part : html`/<wbr>${part}`))
