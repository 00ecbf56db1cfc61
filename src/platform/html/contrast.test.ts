import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type Colour,
  contrast,
  darker,
  MIN_CONTRAST,
  nearestPassing,
  PAGE_GROUND,
  readableOn,
  tint,
} from './contrast.ts'

const colours = fc
  .integer({ min: 0, max: 0xffffff })
  .map((number): Colour => `#${number.toString(16).padStart(6, '0')}`)

describe('contrast', () => {
  it.each<[Colour, Colour, number]>([
    ['#000000', '#ffffff', 21],
    ['#ffffff', '#ffffff', 1],
    ['#767676', '#ffffff', 4.54],
    ['#777777', '#ffffff', 4.48],
    ['#ff0000', '#ffffff', 4],
    ['#1d4f91', '#ffffff', 8.19],
  ])('of %s and %s is %d', (a, b, ratio) => {
    expect(contrast(a, b)).toBeCloseTo(ratio, 1)
    expect(contrast(b, a)).toBe(contrast(a, b))
  })

  it('of any colour with the text chosen for it is at least 4.5', () => {
    fc.assert(fc.property(colours, (colour) => contrast(colour, readableOn(colour)) >= MIN_CONTRAST))
  })
})

describe('the nearest colour that passes', () => {
  it('passes, whatever was asked for', () => {
    fc.assert(
      fc.property(colours, fc.double({ min: 1, max: 19, noNaN: true }), (colour, ratio) => {
        expect(contrast(nearestPassing(colour, ratio), PAGE_GROUND)).toBeGreaterThanOrEqual(ratio)
      }),
    )
  })

  it('is the colour itself when that passes', () => {
    fc.assert(
      fc.property(colours, (colour) => {
        const found = nearestPassing(colour, MIN_CONTRAST)
        expect(found === colour).toBe(contrast(colour, PAGE_GROUND) >= MIN_CONTRAST)
      }),
    )
  })

  it('gives away no more than rounding needs', () => {
    expect(contrast(nearestPassing('#ffd54f', MIN_CONTRAST), PAGE_GROUND)).toBeLessThan(4.62)
    expect(contrast(nearestPassing('#7fb2ff', MIN_CONTRAST), PAGE_GROUND)).toBeLessThan(4.62)
  })
})

describe('shades', () => {
  it('darken, and tint towards white', () => {
    expect(darker('#1d4f91', 0)).toBe('#1d4f91')
    expect(contrast(darker('#1d4f91', 0.4), '#ffffff')).toBeGreaterThan(contrast('#1d4f91', '#ffffff'))
    expect(tint('#1d4f91', 0)).toBe('#ffffff')
    expect(tint('#1d4f91', 1)).toBe('#1d4f91')
  })
})
