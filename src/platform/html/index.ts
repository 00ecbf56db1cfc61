export { type Asset, type Assets, loadAssets, shortHash } from './assets.ts'
export {
  banner,
  button,
  buttonForm,
  buttonLink,
  type Choice,
  choices,
  details,
  errorSummary,
  type Fields,
  hiddenFields,
  type Row,
  steps,
  summaryList,
} from './components.ts'
export { readableOn } from './contrast.ts'
export { type Icon, icon } from './icons.ts'
export { type FootLine, foot, type Layout, layout } from './layout.ts'
export { attribute, type Html, html, type Part } from './markup.ts'
export { faultOfTheme, type Theme, type ThemeFault, themeCss } from './theme.ts'
