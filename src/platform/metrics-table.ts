/**
 * Everything the hub measures, by name without the prefix `ebizness_`; counters end in `_total` on the page. Labels take few values: names
 * from the configuration (channels, kinds of jobs) and our own words, never an id, an address or anything that a stranger chose.
 */

export const COUNTERS = {
  messages: {
    help: 'Messages from PSPs and returning payers, by what became of them: trusted, untrusted, parked (attempt not known yet), fault (could not be read), held_back (proves nothing, too many), unknown (no such agreement)',
    labels: ['channel', 'carrier', 'verdict'],
  },
  attempts: {
    help: 'Attempts that reached a status: begun, then accepted, executed, refused, lapsed, unknown; one that moves on is counted in each',
    labels: ['channel', 'status'],
  },
  payments: { help: 'Payments that reached a status', labels: ['status'] },
  receipt_mails: {
    help: 'Receipts by e-mail: sent, later (tried again), refused for good, gave_up after three days, no_server (EBIZNESS_SMTP_URL is not set)',
    labels: ['outcome'],
  },
  refunds: { help: 'Refunds that reached a status, by who asked for them', labels: ['channel', 'status', 'origin'] },
  enquiries: {
    help: 'Enquiries to PSPs by what they said of the attempt, or no_answer, or cannot_ask (the agreement or its ability is gone)',
    labels: ['channel', 'result'],
  },
  plans_ended: {
    help: 'Attempts past the last moment at which they can be paid, by what was found: not_paid, cannot_ask, no_answer',
    labels: ['channel', 'finding'],
  },
  attention: { help: 'Flags raised for a person', labels: ['flag'] },
  unknown_words: {
    help: 'Words of a PSP that its channel does not know; each is kept and read as waiting',
    labels: ['channel'],
  },
  job_runs: {
    help: 'Runs of jobs by how they ended: done, again, fault, overtaken (outlived their lease)',
    labels: ['kind', 'outcome'],
  },
  notice_sendings: {
    help: 'Notices sent, by what came of it: acknowledged, again (failed and to be repeated), gone (410), gave_up (30 days)',
    labels: ['verdict'],
  },
} as const

/** From a page served out of memory to a slow PSP that is called in between. */
const SECONDS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
/** From an e-service beside the hub to one that was away for a day. */
const SECONDS_TO_DAYS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 300, 1800, 7200, 86400]

export const HISTOGRAMS = {
  http_request_seconds: {
    help: 'Requests to the hub by route',
    labels: ['method', 'route', 'status'],
    buckets: SECONDS,
  },
  call_seconds: {
    help: 'Calls to PSPs, a second try included, by outcome: answered, not_sent, unknown',
    labels: ['channel', 'purpose', 'outcome'],
    buckets: SECONDS,
  },
  notice_delay_seconds: {
    help: 'From the change of a payment to the first acknowledgement of its notice by an address',
    labels: [],
    buckets: SECONDS_TO_DAYS,
  },
} as const

/** What waits in the database; read at most every ten seconds, absent while it cannot be read. */
export const BACKLOG = {
  jobs_due: { help: 'Jobs due, running or waiting to run, by kind; counted to 10000', labels: ['kind'] },
  jobs_oldest_due_seconds: { help: 'How long the oldest due job is due, by kind', labels: ['kind'] },
  notices: {
    help: 'Notices unplaced (committed, not yet given to delivery), waiting to be acknowledged, or gave_up after 30 days; counted to 10000',
    labels: ['state'],
  },
  notices_oldest_waiting_seconds: { help: 'How long the oldest notice is owed', labels: [] },
  tasks_open: { help: 'Open tasks for a person, by kind; counted to 10000 in all', labels: ['kind'] },
  clock_skew_seconds: {
    help: 'The clock of the database minus this machine’s; beyond 2 no job is claimed',
    labels: [],
  },
} as const

/** What this process knows of itself. */
export const GAUGES = {
  build_info: { help: 'Always 1; what runs here', labels: ['version', 'node', 'mode'] },
  database_up: { help: 'Whether the database told what waits when it was last asked', labels: [] },
  database_connections: { help: 'Connections of this process to the database: used, idle', labels: ['state'] },
  database_connections_limit: { help: 'Connections this process may open', labels: [] },
  database_callers_waiting: { help: 'Callers in this process that wait for a free connection', labels: [] },
} as const
