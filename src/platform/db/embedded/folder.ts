import { resolve } from 'node:path'

/** What the system says of a folder or a disk, and what a person can do about it (errno, POSIX). */
const SENTENCES: Readonly<Record<string, (path: string) => string>> = {
  EACCES: (path) => `${path} may not be entered or written by user ${process.getuid?.() ?? ''}: give it to that user`,
  EPERM: (path) => `${path} may not be changed by user ${process.getuid?.() ?? ''}: give it to that user`,
  EROFS: (path) => `${path} is on a file system that cannot be written`,
  ENOSPC: (path) => `the disk of ${path} is full: make room`,
  ENOTDIR: (path) => `a part of ${path} is a file and not a folder`,
}

/** The fault as one sentence when it is about a folder; else the fault itself. */
export const refusedFolder = (fault: unknown, dataDir: string): unknown => {
  if (!(fault instanceof Error) || !('code' in fault)) return fault
  const sentence = SENTENCES[String(fault.code)]
  if (!sentence) return fault
  const path = 'path' in fault && typeof fault.path === 'string' ? fault.path : resolve(dataDir)
  const wayOut = 'or set EBIZNESS_DATA_DIR to another folder, or DATABASE_URL to a PostgreSQL of your own'
  return new Error(`the embedded database: ${sentence(path)}, ${wayOut}`, { cause: fault })
}
