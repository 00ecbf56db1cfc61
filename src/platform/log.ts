import pino, { type DestinationStream } from 'pino'
import { masked } from './mask.ts'

/** One line of JSON on standard error for each thing worth knowing. The sentence comes last: `log.warn({ job }, 'claimed again')`. */
export type Log = {
  debug(fields: Fields, sentence: string): void
  info(fields: Fields, sentence: string): void
  warn(fields: Fields, sentence: string): void
  error(fields: Fields, sentence: string): void
}

/** `error` may hold whatever was thrown. */
export type Fields = Readonly<Record<string, unknown>>

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/**
 * Personal data and secrets are masked by the name of their field and by their looks, wherever they stand (R10).
 * `to` is standard error unless told otherwise.
 */
export const createLog = (options: { readonly level: LogLevel; readonly to?: DestinationStream }): Log => {
  const logger = pino(
    {
      level: options.level,
      base: { pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      messageKey: 'message',
    },
    options.to ?? pino.destination({ dest: 2, sync: true }),
  )
  const write =
    (level: 'debug' | 'info' | 'warn' | 'error') =>
    (fields: Fields, sentence: string): void => {
      if (logger.isLevelEnabled(level)) logger[level](masked(fields), masked(sentence))
    }
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }
}

/** For tests and libraries: says nothing. */
export const silentLog: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
