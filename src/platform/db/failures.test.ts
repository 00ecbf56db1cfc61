import pg from 'pg'
import { describe, expect, it } from 'vitest'
import { type Failure, failureOf, neverSent, surelyUndone } from './failures.ts'

const fromServer = (code: string, severity = 'ERROR'): Error =>
  Object.assign(new pg.DatabaseError('said by the server', 20, 'error'), { code, severity })
const fromSystem = (code: string): Error => Object.assign(new Error(code), { code, syscall: 'connect' })

describe('a failure', () => {
  it.each<[string, unknown, Failure]>([
    ['could not be put in order', fromServer('40001'), 'again'],
    ['was a deadlock', fromServer('40P01'), 'again'],
    ['came from a server that is shut down', fromServer('57P01', 'FATAL'), 'lost'],
    ['came from a server that crashed', fromServer('57P02', 'FATAL'), 'lost'],
    ['came from a server that is starting', fromServer('57P03', 'FATAL'), 'away'],
    ['came from a standby', fromServer('25006'), 'away'],
    ['came from a database that takes no connections', fromServer('55000', 'FATAL'), 'away'],
    ['was about something not ready for it', fromServer('55000'), 'fault'],
    ['came from a full server', fromServer('53300', 'FATAL'), 'busy'],
    ['came from a server whose disk is full', fromServer('53100'), 'full'],
    ['came from a server without memory', fromServer('53200'), 'full'],
    ['came from a server that goes down without room for its log', fromServer('53100', 'PANIC'), 'lost'],
    ['was a broken connection, as the server saw it', fromServer('08006', 'FATAL'), 'lost'],
    ['was a row that is there already', fromServer('23505'), 'fault'],
    ['was a statement that took too long', fromServer('57014'), 'slow'],
    ['was our own silence in a transaction', fromServer('25P03', 'FATAL'), 'lost'],
    ['was a wrong password', fromServer('28P01', 'FATAL'), 'fault'],
    ['was nobody at the door', fromSystem('ECONNREFUSED'), 'away'],
    ['was no socket', fromSystem('ENOENT'), 'away'],
    ['was a name that nobody knows', fromSystem('ENOTFOUND'), 'away'],
    ['was a connection cut off', fromSystem('ECONNRESET'), 'lost'],
    ['was a connection closed', new Error('Connection terminated unexpectedly'), 'lost'],
    ['was an answer that never came', new Error('Query read timeout'), 'lost'],
    ['was a server that did not answer', new Error('timeout expired'), 'away'],
    ['was a pool given up meanwhile', new Error('Cannot use a pool after calling end on the pool'), 'away'],
    ['was a pool in full use', new Error('timeout exceeded when trying to connect'), 'busy'],
    ['was a mistake of the program', new TypeError('x is not a function'), 'fault'],
    ['was nothing of the kind', 'text', 'fault'],
  ])('that %s', (_name, error, expected) => {
    expect(failureOf(error)).toBe(expected)
  })
})

describe('a failed commit', () => {
  it.each<[string, unknown, boolean]>([
    ['refused by a server that lives', fromServer('23505'), true],
    ['that could not be put in order', fromServer('40001'), true],
    ['for which the disk had no room', fromServer('53100'), true],
    ['whose checks took too long', fromServer('57014'), true],
    ['of a server without room for its log', fromServer('53100', 'PANIC'), false],
    ['of a server that is shut down', fromServer('57P01', 'FATAL'), false],
    ['whose connection was cut', fromSystem('ECONNRESET'), false],
    ['whose answer never came', new Error('Query read timeout'), false],
  ])('%s', (_name, error, undone) => {
    expect(surelyUndone(error)).toBe(undone)
  })

  it('that the driver did not send has surely not happened', () => {
    expect(neverSent(new Error('Client has encountered a connection error and is not queryable'))).toBe(true)
    expect(neverSent(new Error('Connection terminated unexpectedly'))).toBe(false)
  })
})
