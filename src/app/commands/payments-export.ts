import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type Exported, type ExportWanted, exportPayments, PAYMENT_STATUSES } from '../../payments/index.ts'
import { type Cell, csvLine } from './csv.ts'
import { badInput, EXIT, type Exit, say } from './output.ts'
import { type Session, withSession } from './session.ts'
import { spanOf } from './times.ts'

export type ExportPaymentsOptions = {
  readonly merchant?: string
  readonly eService?: string
  readonly status?: string
  readonly from?: string
  readonly to?: string
  readonly personal?: boolean
  /** JSON lines instead of CSV. */
  readonly json?: boolean
}

/** Writes as fast as it is read: a slow reader makes the database wait, not the memory grow. */
export const exportToStandardOutput = (options: ExportPaymentsOptions): Promise<Exit> =>
  withSession(async (session) => {
    const wanted = await wantedOf(session, options)
    let count = 0
    const lines = async function* () {
      if (!options.json) yield csvLine([...COLUMNS, ...(options.personal ? PERSONAL_COLUMNS : [])])
      for await (const one of exportPayments(session.composed.hub.db, wanted)) {
        count += 1
        yield options.json ? jsonLine(one, options) : csvLine(cellsOf(one, options))
      }
    }
    // A reader that has enough (head) ends it without a fault.
    const left = await pipeline(Readable.from(lines()), process.stdout, { end: false }).then(
      () => false,
      (fault: unknown) => {
        if (fault instanceof Error && 'code' in fault && fault.code === 'EPIPE') return true
        throw fault
      },
    )
    if (!left) say(`${count} payment(s)${options.personal ? ', with personal data: keep them accordingly' : ''}.`)
    return EXIT.done
  })

const COLUMNS = [
  'id',
  'mode',
  'merchant',
  'eService',
  'reference',
  'status',
  'closing',
  'attention',
  'amount',
  'currency',
  'paidAmount',
  'refundedAmount',
  'reversedAmount',
  'description',
  'paymentReference',
  'createdAt',
  'expiresAt',
  'attempts',
  'offer',
  'channel',
  'agreement',
  'attemptNumber',
  'bankReference',
  'paidAt',
  'metadata',
] as const satisfies readonly (keyof Exported['payment'])[]

const PERSONAL_COLUMNS = [
  'payerName',
  'payerEmail',
  'payerPersonalCode',
  'payerRegistrationNumber',
  'paidByName',
  'paidByAccount',
] as const satisfies readonly (keyof Exported['persons'])[]

const jsonLine = ({ payment, persons }: Exported, { personal }: ExportPaymentsOptions): string =>
  `${JSON.stringify({ ...payment, ...(personal ? persons : {}) })}\n`

const cellsOf = ({ payment, persons }: Exported, { personal }: ExportPaymentsOptions): readonly Cell[] => [
  ...COLUMNS.map((column): Cell => {
    const value = payment[column]
    if (typeof value !== 'object' || value === null) return value
    if (Array.isArray(value)) return value.join(' ')
    return Object.keys(value).length === 0 ? '' : JSON.stringify(value)
  }),
  ...(personal ? PERSONAL_COLUMNS.map((column) => persons[column]) : []),
]

const wantedOf = async ({ composed }: Session, options: ExportPaymentsOptions): Promise<ExportWanted> => {
  const { merchants, eServices } = await composed.merchants.directory()
  const { merchant, eService } = options
  if (merchant !== undefined && !merchants.has(merchant))
    throw badInput(`--merchant: there is no merchant "${merchant}"`)
  if (eService !== undefined && !eServices.has(eService))
    throw badInput(`--e-service: there is no e-service "${eService}"`)
  const status = PAYMENT_STATUSES.find((one) => one === options.status)
  if (options.status !== undefined && status === undefined)
    throw badInput(`--status ${options.status}: must be one of ${PAYMENT_STATUSES.join(', ')}`)
  return {
    ...(merchant === undefined ? {} : { merchant }),
    ...(eService === undefined ? {} : { eService }),
    ...(status === undefined ? {} : { status }),
    ...spanOf(options, composed.hub.clock.now()),
  }
}
