import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { channels } from './index.ts'
import { drawChannels } from './table.ts'

const drawn = drawChannels()

describe('the table of channels', () => {
  it('is what docs/channels/README.md shows: draw it anew with the command in table.ts', () => {
    expect(readFileSync(new URL('../../docs/channels/README.md', import.meta.url), 'utf8')).toBe(drawn)
  })

  it('has a row for each channel and no cell that would break it', () => {
    const rows = drawn.split('\n').filter((line) => line.startsWith('| [`'))
    expect(rows.map((row) => /^\| \[`([a-z-]+)`\]/.exec(row)?.[1])).toEqual(channels.map(({ channel }) => channel.id))
    expect(new Set(rows.map((row) => row.split('|').length))).toEqual(new Set([13]))
  })
})

type Schema = z.core.JSONSchema.BaseSchema

/** Every setting by its path, those within a setting too. */
const settingsOf = (schema: Schema, above = ''): readonly (readonly [path: string, description: string])[] =>
  Object.entries(schema.properties ?? {}).flatMap(([name, about]) =>
    typeof about === 'object'
      ? [[above + name, about.description ?? ''] as const, ...settingsOf(about, `${above}${name}.`)]
      : [],
  )

describe.each(channels.map(({ channel }) => channel))('the settings of $id', ({ settings }) => {
  it('each say what they are', () => {
    const all = settingsOf(z.toJSONSchema(settings, { io: 'input', unrepresentable: 'any' }))
    expect(all.length).toBeGreaterThan(1)
    expect(all.filter(([, description]) => description.length < 10)).toEqual([])
  })
})
