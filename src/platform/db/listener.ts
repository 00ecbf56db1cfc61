import pg from 'pg'
import type { Log } from '../log.ts'
import type { Servers } from './servers.ts'

/** One connection that hears NOTIFY for everybody in this process, and comes back by itself. */
export type Listener = {
  listen(channel: string, onNotify: () => void): Promise<() => Promise<void>>
  close(): Promise<void>
}

const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 5_000

export const createListener = (servers: Pick<Servers, 'dedicated'>, log: Log): Listener => {
  const hearers = new Map<string, Set<() => void>>()
  let client: pg.Client | undefined
  let opening: Promise<void> | undefined
  let retry: NodeJS.Timeout | undefined
  let closed = false

  const tell = (channel: string): void => {
    for (const call of hearers.get(channel) ?? []) call()
  }

  const tellEveryone = (): void => {
    for (const channel of hearers.keys()) tell(channel)
  }

  const open = async (): Promise<void> => {
    const opened = await servers.dedicated()
    opened.on('notification', ({ channel }) => tell(channel))
    opened.once('end', () => {
      if (client !== opened) return
      client = undefined
      comeBack(0)
    })
    try {
      for (const channel of hearers.keys()) await opened.query(`listen ${pg.escapeIdentifier(channel)}`)
    } catch (error) {
      // Left open it would keep the process from its end.
      void opened.end().catch(() => {})
      throw error
    }
    if (closed) return opened.end()
    client = opened
  }

  const comeBack = (failures: number): void => {
    if (closed || hearers.size === 0) return
    const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** failures, LONGEST_PAUSE_MS)
    retry = setTimeout(() => {
      ensureOpen().then(
        // Whatever was said meanwhile was not heard.
        tellEveryone,
        () => comeBack(failures + 1),
      )
    }, pauseMs)
    retry.unref()
  }

  /** A second connection would be nobody's, and would keep the process from its end. */
  const ensureOpen = async (): Promise<void> => {
    if (client) return
    opening ??= open().finally(() => {
      opening = undefined
    })
    await opening
  }

  const hear = async (channel: string): Promise<void> => {
    try {
      if (client) await client.query(`listen ${pg.escapeIdentifier(channel)}`)
      else await ensureOpen()
    } catch (error) {
      log.debug({ error }, 'notifications are not heard for a while; polling goes on')
      if (!client) comeBack(0)
    }
  }

  return {
    listen: async (channel, onNotify) => {
      const calls = hearers.get(channel) ?? new Set()
      const isNew = calls.size === 0
      calls.add(onNotify)
      hearers.set(channel, calls)
      if (isNew) await hear(channel)
      return async () => {
        calls.delete(onNotify)
        if (calls.size > 0 || hearers.get(channel) !== calls) return
        hearers.delete(channel)
        await client?.query(`unlisten ${pg.escapeIdentifier(channel)}`).catch(() => {})
      }
    },
    close: async () => {
      closed = true
      clearTimeout(retry)
      await opening?.catch(() => {})
      const gone = client
      client = undefined
      await gone?.end()
    },
  }
}
