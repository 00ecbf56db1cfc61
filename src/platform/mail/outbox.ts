import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Mailer, written } from './mail.ts'

/** For test mode without a mail server: each letter is a file that a mail program opens. */
export const openOutbox = (folder: string, from: string): Mailer => ({
  send: async (mail) => {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await writeFile(join(folder, `${mail.id}.eml`), await written(mail, from), { mode: 0o600 })
    return { kind: 'sent' }
  },
})
