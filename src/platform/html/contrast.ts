/** Contrast as WCAG 2.2 defines it (§ "relative luminance", "contrast ratio"). Colours are written `#rrggbb`; pure arithmetic. */
export type Colour = `#${string}`

/** What the pages are drawn on, in `assets/pay.scss`: the darker of its two light grounds, so that what passes here passes on white too. */
export const PAGE_GROUND: Colour = '#f7f5f2'

/** WCAG 2.2, success criterion 1.4.3. */
export const MIN_CONTRAST = 4.5

export const isColour = (text: string): text is Colour => /^#[0-9a-f]{6}$/i.test(text)

type Linear = readonly [red: number, green: number, blue: number]

const toLinear = (colour: Colour): Linear => {
  const channel = (from: number) => {
    const value = Number.parseInt(colour.slice(from, from + 2), 16) / 255
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
  }
  return [channel(1), channel(3), channel(5)]
}

/** Rounds towards black, so that rounding never loses contrast against a light ground. */
const fromLinear = (linear: Linear): Colour => {
  const channel = (value: number) => {
    const curved = value <= 0.0031308 ? value * 12.92 : 1.055 * value ** (1 / 2.4) - 0.055
    return Math.floor(Math.min(1, Math.max(0, curved)) * 255 + 1e-6)
      .toString(16)
      .padStart(2, '0')
  }
  return `#${linear.map(channel).join('')}`
}

const luminance = ([red, green, blue]: Linear): number => 0.2126 * red + 0.7152 * green + 0.0722 * blue

/** From 1 (the same) to 21 (black on white), whichever is first. */
export const contrast = (a: Colour, b: Colour): number => {
  const [darker = 0, lighter = 0] = [luminance(toLinear(a)), luminance(toLinear(b))].sort((x, y) => x - y)
  return (lighter + 0.05) / (darker + 0.05)
}

/** Black or white, whichever reads better on the colour; at least 4.58:1 on any. */
export const readableOn = (colour: Colour): Colour =>
  contrast(colour, '#ffffff') >= contrast(colour, '#000000') ? '#ffffff' : '#000000'

/**
 * The colour itself when it reads on the pages' ground with at least `minRatio`, else the lightest one of the same hue and saturation that does:
 * linear light scaled by one factor, which luminance follows exactly. `minRatio` from 1 to 19.
 */
export const nearestPassing = (colour: Colour, minRatio: number): Colour => {
  if (contrast(colour, PAGE_GROUND) >= minRatio) return colour
  const linear = toLinear(colour)
  const wanted = (luminance(toLinear(PAGE_GROUND)) + 0.05) / minRatio - 0.05
  return scaled(linear, Math.max(0, wanted) / luminance(linear))
}

/** The colour with `share` of its light taken away, for hover and pressed states. */
export const darker = (colour: Colour, share: number): Colour => scaled(toLinear(colour), 1 - share)

/** The colour mixed into white: `share` of the colour. */
export const tint = (colour: Colour, share: number): Colour => {
  const [red, green, blue] = toLinear(colour)
  const mixed = (value: number) => value * share + (1 - share)
  return fromLinear([mixed(red), mixed(green), mixed(blue)])
}

const scaled = ([red, green, blue]: Linear, factor: number): Colour =>
  fromLinear([red * factor, green * factor, blue * factor])
