import { SMTPServer, type SMTPServerOptions } from 'smtp-server'

/** A mail server as they are out there, and what it took. */
export type MailServer = {
  readonly port: number
  /** Letters it took, as they came. */
  readonly taken: readonly { readonly to: readonly string[]; readonly from: string; readonly text: string }[]
  /** What it says to the next letters; taken when empty. */
  readonly refusals: { step: 'sender' | 'person' | 'letter'; code: number }[]
  stop(): Promise<void>
}

class Refusal extends Error {
  readonly responseCode: number
  constructor(code: number) {
    super(`mailbox of nobody@nowhere.example unavailable (${code})`)
    this.responseCode = code
  }
}

export const startMailServer = async (options: SMTPServerOptions = {}): Promise<MailServer> => {
  const taken: { to: string[]; from: string; text: string }[] = []
  const refusals: MailServer['refusals'] = []
  const refusalAt = (step: string): Error | undefined => {
    if (refusals[0]?.step !== step) return undefined
    const refusal = refusals.shift()
    return refusal && new Refusal(refusal.code)
  }
  const server = new SMTPServer({
    disabledCommands: ['STARTTLS'],
    authOptional: true,
    logger: false,
    onMailFrom: (_address, _session, answer) => answer(refusalAt('sender')),
    onRcptTo: (_address, _session, answer) => answer(refusalAt('person')),
    onData: (stream, session, answer) => {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        const refusal = refusalAt('letter')
        if (refusal) return answer(refusal)
        const { mailFrom, rcptTo } = session.envelope
        taken.push({
          to: rcptTo.map(({ address }) => address),
          from: mailFrom ? mailFrom.address : '',
          text: Buffer.concat(chunks).toString('utf8'),
        })
        answer()
      })
    },
    ...options,
  })
  server.on('error', () => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.server.address()
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    taken,
    refusals,
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  }
}
