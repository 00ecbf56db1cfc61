import { toDecimal } from '../../kernel/money.ts'
import { findPayment, type PaymentStory, paymentsNamed } from '../../payments/index.ts'
import { badInput, Ending, EXIT, type Exit, print, printJson, say, table } from './output.ts'
import { type Session, withSession } from './session.ts'

/** More of one name are a bank's numbers that have come round. */
const MOST_FOUND = 50
/** The longest name that anything has here. */
const MOST_LETTERS = 100

export const findPayments = (name: string, options: { readonly json?: boolean }): Promise<Exit> => {
  const wanted = name.trim()
  if (wanted === '' || wanted.length > MOST_LETTERS) throw badInput(`a name has 1 to ${MOST_LETTERS} letters`)
  return withSession(async (session) => {
    const found = await named(session, wanted)
    if (found.length === 0) throw new Ending(EXIT.no, `no payment goes by "${wanted}"`)
    const shown = found.slice(0, MOST_FOUND)
    if (options.json) printJson({ payments: shown.map(({ payment }) => payment), more: found.length > MOST_FOUND })
    else print(table(['PAYMENT', 'STATUS', 'AMOUNT', 'REFERENCE', 'E-SERVICE'], shown.map(cellsOf)))
    if (found.length > MOST_FOUND) say(`There are more: only the newest ${MOST_FOUND} are shown.`)
    return EXIT.done
  })
}

const named = async ({ composed }: Session, name: string): Promise<readonly PaymentStory[]> => {
  const { merchants, eServices, agreements } = await composed.merchants.directory()
  const scope = {
    merchants: [...merchants.keys()],
    eServices: [...eServices.keys()],
    agreements: [...agreements.keys()],
  }
  const { db } = composed.hub
  const ofEvent = await composed.notices.subjectOf(name)
  const ids = ofEvent === undefined ? await paymentsNamed(db, scope, name, MOST_FOUND + 1) : [ofEvent]
  const stories: PaymentStory[] = []
  for (const id of ids) {
    const story = await findPayment(db, id)
    if (story) stories.push(story)
  }
  return stories
}

const cellsOf = ({ payment }: PaymentStory): readonly string[] => [
  payment.id,
  payment.status,
  `${toDecimal({ amountMinor: payment.amount, currency: payment.currency })} ${payment.currency}`,
  payment.reference,
  payment.eService,
]
