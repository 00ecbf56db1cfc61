import { type Html, html, raw } from './markup.ts'

/** Our own line drawings on a grid of 24. Decoration only: what they mean stands beside them in words. */
const PATHS = {
  tick: 'M4.5 12.5l5 5L19.5 7',
  clock: 'M12 6.5V12l3.5 2.5M12 3a9 9 0 1 1 0 18 9 9 0 0 1 0-18',
  cross: 'M6.5 6.5l11 11M17.5 6.5l-11 11',
  alert: 'M12 8v5M12 16.6v.2M12 3.2l9.3 16.6H2.7z',
  stop: 'M6 12h12',
  arrow: 'M5 12h14M13 6l6 6-6 6',
  lock: 'M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3',
  person: 'M12 4a4 4 0 1 1 0 8 4 4 0 0 1 0-8M4.5 20.5c.8-3.8 3.7-5.5 7.5-5.5s6.7 1.7 7.5 5.5',
} as const

export type Icon = keyof typeof PATHS

export const icon = (name: Icon): Html =>
  html`<svg class="pay-icon" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false"><path d="${raw(PATHS[name])}"/></svg>`
