import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { channels } from './index.ts'
import { settingsOf } from './settings.ts'
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

describe('what an agreement brings', () => {
  it('is told of every channel: all of it, or what differs from another of its family', () => {
    for (const { channel } of channels) {
      const [, section = ''] = drawn.split(`\n### ${channel.id}\n`)
      const own = section.split('\n### ')[0] ?? ''
      const like = /^\nAs \[([a-z-]+)\]/.exec(own)?.[1]
      const first = channels.find((listed) => listed.channel.id === like)?.channel
      const usual = first ? settingsOf(first) : []
      for (const [place, setting] of settingsOf(channel).entries()) {
        const differs = JSON.stringify(setting) !== JSON.stringify(usual[place])
        expect(own.includes(`| \`${setting.path}\` |`), `${channel.id} ${setting.path}`).toBe(differs)
      }
    }
  })
})

describe.each(channels.map(({ channel }) => channel))('the settings of $id', (channel) => {
  it('each say what they are', () => {
    const all = settingsOf(channel)
    expect(all.length).toBeGreaterThan(1)
    expect(all.filter(({ meaning }) => meaning.length < 10)).toEqual([])
  })
})
