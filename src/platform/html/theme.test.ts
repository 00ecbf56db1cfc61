import { describe, expect, it } from 'vitest'
import { contrast, MIN_CONTRAST, PAGE_GROUND } from './contrast.ts'
import { faultOfTheme, themeCss } from './theme.ts'

describe('a theme', () => {
  it('is one rule of custom properties', () => {
    const css = themeCss({ brandColour: '#1d4f91', onBrandColour: '#ffffff' })
    expect(css).toMatch(/^:root\{(--pay-[a-z-]+:#[0-9a-f]{6};?)+\}\n$/)
    expect(css).toContain('--pay-brand:#1d4f91')
  })

  it('cannot carry anything but colours into the stylesheet', () => {
    expect(() => themeCss({ brandColour: 'red;}body{display:none', onBrandColour: '#ffffff' })).toThrow()
  })

  it('is refused when it is too pale, with the nearest colour that passes', () => {
    const fault = faultOfTheme('#f2c200')
    expect(fault?.fault).toBe('too_pale')
    expect(fault?.nearest && contrast(fault.nearest, PAGE_GROUND)).toBeGreaterThanOrEqual(MIN_CONTRAST)
    expect(fault?.nearest && faultOfTheme(fault.nearest)).toBeUndefined()
  })

  it('is refused when it is no colour', () => {
    expect(faultOfTheme('blue')?.fault).toBe('not_a_colour')
  })

  it('passes when it reads well', () => {
    expect(faultOfTheme('#1d4f91')).toBeUndefined()
    expect(faultOfTheme('#1D4F91')).toBeUndefined()
  })
})
