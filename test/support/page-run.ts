import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** A page of documentation as something to be followed: its commands, files, expected outputs and what a person does in between, in order. */

export type Step =
  /** A block of commands. */
  | { readonly does: 'run'; readonly text: string }
  /** How the hub is started, which the test does in its own way. */
  | { readonly does: 'start'; readonly text: string }
  /** A file to be saved under that name. */
  | { readonly does: 'save'; readonly file: string; readonly text: string }
  /** What the commands before print; `…` stands for whatever there is. */
  | { readonly does: 'expect'; readonly text: string }
  /** In a comment that readers do not see: what a person does with a browser meanwhile. */
  | { readonly does: 'payer' | 'until'; readonly text: string }

const PART = /^```(\w*)[ ]?(\S*)\n([\s\S]*?)^```$|^<!-- (payer|until): (.+) -->$/gm

/** Throws on a block of a kind that nobody follows, so that none is left untested. */
export const readSteps = (page: string): readonly Step[] =>
  [...page.matchAll(PART)].flatMap(([, language = '', name = '', text = '', comment, what = '']): readonly Step[] => {
    if (comment === 'payer' || comment === 'until') return [{ does: comment, text: what }]
    if (language === 'mermaid') return []
    if (language === 'text') return [{ does: 'expect', text }]
    if (language === 'sh') return [{ does: name === 'start' ? 'start' : 'run', text }]
    if (name === '') throw new Error(`a block of ${language || 'no language'} says no file: ${text}`)
    return [{ does: 'save', file: name, text }]
  })

export const saveFile = (folder: string, file: string, text: string): void => {
  mkdirSync(dirname(join(folder, file)), { recursive: true })
  writeFileSync(join(folder, file), text)
}

export type Shell = {
  /** Runs a block in the same shell as those before; what it printed. Throws with everything it said when a command fails. */
  run(text: string): Promise<string>
  /** Ends the shell and whatever it started. */
  end(): Promise<void>
}

/** One `bash` for a whole page, so that variables and functions last. */
export const openShell = (folder: string, env: Readonly<Record<string, string>>, prelude: string): Shell => {
  const child = spawn('bash', ['-e'], { cwd: folder, env, detached: true, stdio: ['pipe', 'pipe', 'pipe'] })
  const closed = once(child, 'close')
  let out = ''
  let said = ''
  let heard = () => {}
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
    heard()
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  child.stdin.write(`set -o pipefail\n${prelude}\n`)
  let blocks = 0
  return {
    run: async (text) => {
      const end = `@@end of block ${++blocks}\n`
      out = ''
      // Nothing of the block reads what comes after it.
      child.stdin.write(`{\n${text}\n} </dev/null\nprintf '${end.trimEnd()}\\n'\n`)
      while (!out.includes(end)) {
        const more = new Promise<void>((resolve) => {
          heard = resolve
        })
        const ended = await Promise.race([closed.then(() => true), more.then(() => false)])
        if (ended && !out.includes(end)) throw new Error(`failed:\n${text}\nprinted:\n${out}\nsaid:\n${said}`)
      }
      return out.slice(0, out.indexOf(end))
    },
    end: async () => {
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL')
      await closed
    },
  }
}

/** Whether a text is as the page says. */
export const isAsSaid = (expected: string, printed: string): boolean => {
  const pattern = expected
    .trim()
    .split('…')
    .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${pattern.join('.*')}$`).test(printed.trim())
}
