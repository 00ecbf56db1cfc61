import type { Db } from '../platform/db/db.ts'
import { takeNumbers } from './store/index.ts'

/** Attempt numbers: at most 10 digits, never given twice by any process. Unused ones of a process that ends are lost. */
export type Numbers = { next(): Promise<string> }

const BLOCK = 100

export const openNumbers = (db: Db): Numbers => {
  let free: number[] = []
  let taking: Promise<void> | undefined
  const take = async () => {
    const first = await takeNumbers(db, BLOCK)
    free = Array.from({ length: BLOCK }, (_, place) => first + place)
  }
  const next = async (): Promise<string> => {
    const number = free.shift()
    if (number !== undefined) return String(number)
    taking ??= take().finally(() => {
      taking = undefined
    })
    await taking
    return next()
  }
  return { next }
}
