import { type Icon, icon } from './icons.ts'
import { attribute, type Html, html, type Part } from './markup.ts'

/** Typed components over the markup of govuk-frontend 6 (classes, roles and ids as its templates have them). Texts come ready from the caller. */

export type Kind = 'primary' | 'secondary' | 'link'

const BUTTON_CLASSES: Readonly<Record<Kind, string>> = {
  primary: 'govuk-button',
  secondary: 'govuk-button govuk-button--secondary',
  link: 'pay-link',
}

export const button = (content: Part, kind: Kind = 'primary'): Html =>
  html`<button type="submit" class="${BUTTON_CLASSES[kind]}">${content}</button>`

export const buttonLink = (href: string, content: Part, kind: Kind = 'primary'): Html =>
  html`<a href="${href}" class="${BUTTON_CLASSES[kind]}"${attribute('draggable', kind === 'link' ? undefined : 'false')}>${content}</a>`

export type Fields = readonly (readonly [name: string, value: string])[]

export const hiddenFields = (fields: Fields): Html =>
  html`${fields.map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)}`

/** A form that is one button. */
export const buttonForm = (action: string, content: Part, kind: Kind = 'primary', fields: Fields = []): Html =>
  html`<form method="post" action="${action}">${hiddenFields(fields)}${button(content, kind)}</form>`

/** Says what is wrong before anything else on the page, with a link to each field; the script moves the focus here. */
export const errorSummary = (
  title: string,
  errors: readonly { readonly text: string; readonly field?: string }[],
): Html =>
  html`<div class="govuk-error-summary" data-focus tabindex="-1"><div role="alert">
<h2 class="govuk-error-summary__title">${title}</h2>
<div class="govuk-error-summary__body"><ul class="govuk-list govuk-error-summary__list">${errors.map(
    ({ text, field }) => html`<li>${field === undefined ? text : html`<a href="#${field}">${text}</a>`}</li>`,
  )}</ul></div>
</div></div>`

export const errorMessage = (id: string, text: string): Html =>
  html`<p id="${id}" class="govuk-error-message">${text}</p>`

export type Row = { readonly key: string; readonly value: Part }

export const summaryList = (rows: readonly Row[]): Html =>
  html`<dl class="govuk-summary-list">${rows.map(
    ({ key, value }) =>
      html`<div class="govuk-summary-list__row"><dt class="govuk-summary-list__key">${key}</dt><dd class="govuk-summary-list__value">${value}</dd></div>`,
  )}</dl>`

export const details = (summary: string, content: Part): Html =>
  html`<details class="govuk-details"><summary class="govuk-details__summary"><span class="govuk-details__summary-text">${summary}</span></summary><div class="govuk-details__text">${content}</div></details>`

export const steps = (items: readonly Part[]): Html =>
  html`<ol class="pay-steps">${items.map((item) => html`<li><span>${item}</span></li>`)}</ol>`

/** A strip above the page's title: something happened before. */
export const banner = (tone: 'bad' | 'care', mark: Icon, title: string, content: Part): Html =>
  html`<div class="pay-banner pay-banner--${tone}">${icon(mark)}<div><p class="pay-banner__title">${title}</p>${content}</div></div>`

export type Choice = {
  readonly value: string
  readonly label: string
  /** Address of a picture that adds nothing to the label. */
  readonly picture: string
  readonly note?: string
  readonly disabled: boolean
}

/** More tiles than this stand in two columns where there is room, so that the button below stays in sight. */
const TWO_COLUMNS_FROM = 6

/** Radio tiles. The first that can be chosen has the bare `name` as its id, so that the error summary can lead to it. */
export const choices = (
  name: string,
  legend: Html,
  items: readonly Choice[],
  shown: { readonly checked?: string; readonly error?: string },
): Html => {
  const errorId = shown.error === undefined ? undefined : `${name}-error`
  const first = items.findIndex((item) => !item.disabled)
  return html`<fieldset class="pay-choices"${attribute('aria-describedby', errorId)}>${legend}
${errorId !== undefined && shown.error !== undefined && errorMessage(errorId, shown.error)}
<div class="pay-offers${items.length > TWO_COLUMNS_FROM && ' pay-offers--many'}">${items.map((item, place) =>
    choice(name, item, place === first ? name : `${name}-${place + 1}`, item.value === shown.checked),
  )}</div></fieldset>`
}

const choice = (name: string, item: Choice, id: string, checked: boolean): Html => {
  const note = item.note === undefined ? undefined : `${id}-note`
  return html`<div class="pay-offer${item.disabled && ' pay-offer--paused'}">
<input class="pay-offer__input" type="radio" id="${id}" name="${name}" value="${item.value}"${attribute('checked', checked)}${attribute('disabled', item.disabled)}${attribute('aria-describedby', note)}>
<img class="pay-tile" src="${item.picture}" alt="" width="72" height="36">
<div class="pay-offer__text"><label class="pay-offer__label" for="${id}">${item.label}</label>
${note !== undefined && html`<p id="${note}" class="pay-offer__note">${item.note}</p>`}</div>
</div>`
}
