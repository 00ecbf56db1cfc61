import { type Colour, contrast, darker, isColour, MIN_CONTRAST, nearestPassing, PAGE_GROUND, tint } from './contrast.ts'

/** Colours of one e-service's pages. */
export type Theme = { readonly brandColour: string; readonly onBrandColour: string }

export type ThemeFault =
  | { readonly fault: 'not_a_colour'; readonly nearest?: never }
  | { readonly fault: 'too_pale'; readonly ratio: number; readonly nearest: Colour }

/** Why a brand colour cannot be used for text, links and buttons on the pages' ground; undefined when it can. The ratio is WCAG's. */
export const faultOfTheme = (brandColour: string): ThemeFault | undefined => {
  if (!isColour(brandColour)) return { fault: 'not_a_colour' }
  const nearest = nearestPassing(brandColour, MIN_CONTRAST)
  if (nearest === brandColour) return undefined
  return { fault: 'too_pale', ratio: contrast(brandColour, PAGE_GROUND), nearest }
}

/** The stylesheet of one e-service: a single `:root` rule, so that the strict policy needs no inline style. Throws on what is not a colour. */
export const themeCss = ({ brandColour, onBrandColour }: Theme): string => {
  if (!isColour(brandColour) || !isColour(onBrandColour)) throw new Error('a theme with a colour that is none')
  const properties = {
    brand: brandColour,
    'on-brand': onBrandColour,
    'brand-hover': darker(brandColour, 0.35),
    'brand-pressed': darker(brandColour, 0.6),
    'brand-tint': tint(brandColour, 0.1),
    'brand-line': tint(brandColour, 0.35),
  }
  const rules = Object.entries(properties).map(([name, value]) => `--pay-${name}:${value}`)
  return `:root{${rules.join(';')}}\n`
}
