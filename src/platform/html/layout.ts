import type { Assets } from './assets.ts'
import { icon } from './icons.ts'
import { attribute, type Html, html, type Part } from './markup.ts'

/** Everything around a page's own content; texts ready in the page's language. */
export type Layout = {
  readonly language: string
  readonly title: string
  readonly assets: Pick<Assets, 'stylesheet' | 'script' | 'icon'>
  /** The e-service's theme. */
  readonly theme?: string
  /** Names and logo in the bar. */
  readonly bar: { readonly name: string; readonly under?: string; readonly logo?: string }
  readonly languages: readonly { readonly code: string; readonly name: string; readonly href: string }[]
  readonly texts: { readonly skip: string; readonly languages: string; readonly test?: string }
  readonly foot: Part
  /** Name of the page and its state, for the script that watches a change of it. */
  readonly state: string
  /** Address to look at again every few seconds: the page may become another one by itself. */
  readonly watch?: string
  readonly content: Part
}

/** Seconds between reloads where scripts do not run: long enough to be read aloud, and the page has a link that stops it. */
const RELOAD_S = 15

/** A whole document, with neither inline code nor inline style. */
export const layout = (page: Layout): Html => html`<!doctype html>
<html lang="${page.language}" class="govuk-template">
<head>
<meta charset="utf-8">
<title>${page.title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
<meta name="robots" content="noindex">
<meta name="format-detection" content="telephone=no">
<link rel="icon" href="${page.assets.icon}" type="image/svg+xml">
<link rel="stylesheet" href="${page.assets.stylesheet}">
${page.theme !== undefined && html`<link rel="stylesheet" href="${page.theme}">`}
<script src="${page.assets.script}" defer></script>
${page.watch !== undefined && html`<noscript><meta http-equiv="refresh" content="${RELOAD_S}; url=${page.watch}"></noscript>`}
</head>
<body class="govuk-template__body">
<a href="#content" class="govuk-skip-link">${page.texts.skip}</a>
${header(page)}
<main class="pay-main" id="content" tabindex="-1" data-page="${page.state}"${attribute('data-watch', page.watch)}>
${page.content}
</main>
<footer class="pay-foot"><div class="pay-foot__inner">${page.foot}</div></footer>
</body>
</html>
`

const header = ({ bar, languages, texts, language }: Layout): Html => html`<header>
<div class="pay-bar"><div class="pay-bar__inner">
${bar.logo !== undefined && html`<img class="pay-bar__logo" src="${bar.logo}" alt="" width="56" height="56">`}
<p class="pay-bar__names"><span class="pay-bar__merchant">${bar.name}</span>${bar.under !== undefined && html` <span class="pay-bar__service">${bar.under}</span>`}</p>
${
  languages.length > 1 &&
  html`<nav class="pay-bar__languages" aria-label="${texts.languages}">${languages
    .filter(({ code }) => code !== language)
    .map(({ code, name, href }) => html`<a href="${href}" lang="${code}" hreflang="${code}">${name}</a>`)}</nav>`
}
</div></div>
${texts.test !== undefined && html`<p class="pay-test">${texts.test}</p>`}
</header>`

export type FootLine = { readonly label?: string; readonly text?: string; readonly href?: string }

/** The quiet last lines: who handles the payment, and where help is. */
export const foot = (hub: string, lines: readonly FootLine[]): Html =>
  html`<p class="pay-foot__hub">${icon('lock')}<span>${hub}</span></p>
<ul class="pay-foot__list">${lines.map(
    ({ label, text, href }) =>
      html`<li>${label}${href === undefined ? text : html` <a href="${href}">${text}</a>`}</li>`,
  )}</ul>`
