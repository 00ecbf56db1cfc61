import { toRfc3339 } from '../../kernel/time.ts'
import { badInput, Ending, EXIT, type Exit, print, printJson, say, table } from './output.ts'
import { type Session, withSession } from './session.ts'

/** Keys: those that e-services bring, those the hub signs with, and the master key that seals what is stored. */

type Json = { readonly json?: boolean }

export type NewKey = Json & { readonly eService: string; readonly name?: string; readonly scopes?: string }

export const createKey = (options: NewKey): Promise<Exit> =>
  withSession(async ({ composed }) => {
    const scopes = (options.scopes ?? '')
      .split(',')
      .map((scope) => scope.trim())
      .filter((scope) => scope !== '')
    const made = await composed.merchants.createApiKey({
      eService: options.eService,
      name: options.name ?? 'made on the command line',
      scopes,
      now: composed.hub.clock.now(),
    })
    if (!made.ok) throw badInput(made.error)
    if (options.json) printJson(made.value)
    else {
      print(made.value.key)
      say(`This is ${made.value.id}. The key is shown this once: keep it where the e-service reads its secrets.`)
    }
    return EXIT.done
  })

export const noticeKeys = (options: Json & { readonly eService: string; readonly rotate?: boolean }): Promise<Exit> =>
  withSession(async ({ composed }) => {
    const { notices } = composed
    await mustKnow(composed, options.eService)
    if (options.rotate) await notices.rotate(options.eService, composed.hub.clock.now())
    const shown = (await notices.addresses(options.eService)).map(({ url, secret, publicKey }) => ({
      url,
      secret,
      publicKey,
    }))
    if (options.json) printJson(shown)
    else
      print(
        table(
          ['ADDRESS', 'SECRET', 'PUBLIC KEY'],
          shown.map(({ url, secret, publicKey }) => [url, secret, publicKey]),
        ),
      )
    return EXIT.done
  })

const mustKnow = async ({ merchants }: Session['composed'], eService: string): Promise<void> => {
  if (!(await merchants.directory()).eServices.has(eService))
    throw badInput(`there is no e-service "${eService}": apply a cma.yaml with it first`)
}

/** API keys that are taken, of one e-service or of all; the keys themselves are not stored. */
export const listKeys = (options: Json & { readonly eService?: string }): Promise<Exit> =>
  withSession(async ({ composed }) => {
    const { merchants } = composed
    if (options.eService !== undefined) await mustKnow(composed, options.eService)
    const found = await merchants.apiKeys(options.eService)
    const shown = found.map(({ id, eService, name, scopes, createdAt, lastUsedAt }) => ({
      id,
      eService,
      name,
      scopes,
      createdAt: toRfc3339(createdAt),
      lastUsedAt: lastUsedAt === undefined ? null : toRfc3339(lastUsedAt),
    }))
    if (options.json) printJson(shown)
    else
      print(
        table(
          ['KEY', 'E-SERVICE', 'NAME', 'SCOPES', 'MADE', 'LAST USED'],
          shown.map((key) => [
            key.id,
            key.eService,
            key.name,
            key.scopes.join(' '),
            key.createdAt.slice(0, DAY_LENGTH),
            key.lastUsedAt?.slice(0, DAY_LENGTH) ?? 'never',
          ]),
        ),
      )
    return EXIT.done
  })

/** Of an RFC 3339 time. */
const DAY_LENGTH = '2026-11-23'.length

export const revokeKey = (id: string, options: Json): Promise<Exit> =>
  withSession(async ({ composed }) => {
    if (!(await composed.merchants.revokeApiKey(id)))
      throw new Ending(EXIT.no, `there is no API key ${id} that is taken: "ebizness keys list" shows those that are`)
    if (options.json) printJson({ revoked: id })
    else print(`${id} is revoked: within a second no process of the hub takes it any more.`)
    return EXIT.done
  })

export const rotateKeys = (options: Json & { readonly tokens?: boolean }): Promise<Exit> =>
  withSession(({ composed }) => (options.tokens ? rotateTokens(composed, options) : sealAllAnew(composed, options)))

/** Each part stays done when a later one is interrupted: run again, it goes on where it was. */
const sealAllAnew = async ({ merchants, notices, tokens }: Session['composed'], options: Json): Promise<Exit> => {
  const sealed = {
    agreements: await merchants.rotateMasterKey(),
    notices: await notices.reseal(),
    tokens: await tokens.reseal(),
  }
  if (options.json) {
    printJson({ sealed })
    return EXIT.done
  }
  const { agreements, notices: ofNotices, tokens: ofTokens } = sealed
  print(
    `Sealed anew: ${agreements} keys of agreements, ${ofNotices} of notice addresses, ${ofTokens} of return tokens.`,
  )
  print(
    agreements + ofNotices + ofTokens > 0
      ? 'All are under the newest master key. Run this again once every process of the hub has it; when it then finds\nnothing, the older one may be taken out of EBIZNESS_MASTER_KEY. Keep it as long as backups that need it.'
      : 'Nothing is sealed under an older master key. To change it, give the new one in front: EBIZNESS_MASTER_KEY=2:NEW,1:PRESENT',
  )
  return EXIT.done
}

const rotateTokens = async ({ tokens }: Session['composed'], options: Json): Promise<Exit> => {
  const rotated = await tokens.rotate()
  const [signsFrom, formerUntil] = [toRfc3339(rotated.signsFrom), toRfc3339(rotated.formerUntil)]
  if (options.json) printJson({ signsFrom, formerUntil })
  else
    print(
      `The new key for return tokens and receipts is shown at /.well-known/jwks.json from now on and signs from ${signsFrom}.\nThe former one is destroyed after ${formerUntil}; what it signed stays genuine.`,
    )
  return EXIT.done
}
