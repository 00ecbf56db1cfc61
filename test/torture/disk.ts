import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { type FileHandle, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

/** A disk of its own for the database, small enough to be filled: a tmpfs, which only root can mount. */
export type Disk = {
  /** Leaves no room, and takes what becomes free, until `free`. */
  fill(): Promise<void>
  /** There is room again. */
  free(): Promise<void>
  unmount(): void
}

/** Holds what an hour of payments writes, its WAL, and a standby's. */
const SIZE_MB = 2_048
const LARGE = Buffer.alloc(4 * 1_024 * 1_024)
const SMALL = LARGE.subarray(0, 4_096)
const AGAIN_MS = 20

export const canMount = (): boolean => process.getuid?.() === 0

/** Mounts it at this folder, which is made. Throws a sentence for a person where that cannot be done. */
export const mountDisk = (folder: string): Disk => {
  if (!canMount()) throw new Error('a disk can only be filled by root, who can mount a small one: leave out "full"')
  mkdirSync(folder, { mode: 0o711 })
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${SIZE_MB}m,mode=711`, 'tmpfs', folder])
  const filler = join(folder, 'filler')
  let filling: { stop(): Promise<void> } | undefined
  return {
    fill: async () => {
      const file = await open(filler, 'w', 0o600)
      await fillUp(file)
      let over = false
      const going = (async () => {
        for (; !over; await pause(AGAIN_MS)) await fillUp(file)
        await file.close()
      })()
      filling = {
        stop: () => {
          over = true
          return going
        },
      }
    },
    free: async () => {
      await filling?.stop()
      await rm(filler)
    },
    // Lazily: a process that ends keeps it busy for a moment.
    unmount: () => execFileSync('umount', ['-l', folder]),
  }
}

/** Writes until not a page more fits. */
const fillUp = async (file: FileHandle): Promise<void> => {
  for (const piece of [LARGE, SMALL]) {
    while (await fits(file, piece));
  }
}

const fits = async (file: FileHandle, piece: Uint8Array): Promise<boolean> => {
  try {
    const { bytesWritten } = await file.write(piece)
    return bytesWritten === piece.length
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') return false
    throw error
  }
}
