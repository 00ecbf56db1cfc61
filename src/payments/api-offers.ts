import { createRoute, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { inLanguage } from '../kernel/language.ts'
import { MAX_AMOUNT_MINOR } from '../kernel/money.ts'
import { type Caller, offersFor } from '../merchants/index.ts'
import { problemResponse } from '../platform/http/problem.ts'
import { orderProblem } from './api-payments.ts'
import { checkPayee } from './commands.ts'
import type { Hub } from './hub.ts'
import { respond } from './requests.ts'
import { isProblem, json, problem, queryOf, security, tags, usual } from './routes.ts'
import * as shapes from './schemas.ts'

/** What payers may choose, for e-services that let them choose on their own page. */

export const OFFER_ROUTES = {
  channels: createRoute({
    method: 'get',
    path: '/v1/channels',
    operationId: 'listChannels',
    summary: 'What this e-service may offer on its own page',
    tags,
    security,
    request: {
      query: z.object({
        amount: shapes
          .inDigits(1, MAX_AMOUNT_MINOR)
          .optional()
          .describe('Only what takes this amount. Integer minor units.'),
        currency: z
          .string()
          .regex(/^[A-Z]{3}$/)
          .optional()
          .describe('Only what takes this currency.'),
        language: z
          .string()
          .regex(/^[a-z]{2}$/)
          .optional()
          .describe('In which the offers are named: ISO 639-1.'),
        payee: z
          .string()
          .max(60)
          .optional()
          .openapi({ description: 'Only what pays into this account of the merchant’s, as an order with that payee.' }),
      }),
    },
    responses: {
      200: json(
        'Offers, in the merchant’s order.',
        z.object({ offers: z.array(shapes.OfferView).describe('What the payer may choose.') }),
      ),
      422: problem('A parameter is wrong.'),
      ...usual,
    },
  }),
} as const

export const listOffers = async (hub: Hub, c: Context, { eService }: Caller): Promise<Response> => {
  const query = queryOf(OFFER_ROUTES.channels.request.query, c)
  if (isProblem(query)) return problemResponse(query)
  const directory = await hub.merchants.directory()
  const unknown = checkPayee(directory, eService, query)
  if (unknown) return problemResponse(orderProblem(unknown))
  const offers = offersFor(directory, hub.channels, {
    eService,
    now: hub.clock.now(),
    ...(query.payee === undefined ? {} : { account: query.payee }),
    ...(query.amount === undefined ? {} : { amountMinor: query.amount }),
    ...(query.currency === undefined ? {} : { currency: query.currency }),
  })
  const language = query.language ?? eService.languages[0] ?? 'en'
  const body = {
    offers: offers.map(hub.health.shown).map((offer) => ({
      id: offer.id,
      name: inLanguage(offer.name, language),
      logo: hub.publicUrl + offer.logo,
      health: offer.health,
      pauseText: offer.pauseText ? inLanguage(offer.pauseText, language) : null,
      minAmount: offer.minMinor ?? null,
      maxAmount: offer.maxMinor ?? null,
      currencies: offer.currencies,
    })),
  }
  return respond({ status: 200, body })
}
