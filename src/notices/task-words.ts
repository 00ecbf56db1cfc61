import type { KindWords } from '../tasks/index.ts'

/** What each kind of task about notices means. */

export type NoticeTask = 'notice_address_gone' | 'notice_address_failing' | 'notice_given_up'

const CATCH_UP = 'The e-service can catch up by GET /v1/events, or you send them again with ebizness notices replay.'

export const NOTICE_TASK_WORDS: Readonly<Record<NoticeTask, KindWords>> = {
  notice_address_gone: {
    title: 'An address wants no notices',
    means:
      'An e-service’s address answered 410, which means that it is gone for good: it gets no notices until it is configured again.',
    todo: `Ask the e-service’s people. If it still listens there, apply cma.yaml again; if it moved, write the new address into cma.yaml and apply it. ${CATCH_UP}`,
    rulings: { settled: 'looked at: this address is not asked about again' },
  },
  notice_address_failing: {
    title: 'An address takes no notices',
    means:
      'An e-service’s address has left a notice unacknowledged for a day. The hub tries on for 30 days, once a day by then; nothing is lost meanwhile.',
    todo: 'Tell the e-service’s people what their address answers. Once it answers 2xx, all is delivered by itself and the task ends within an hour.',
    rulings: { settled: 'they know: not asked about for a week' },
  },
  notice_given_up: {
    title: 'Notices were given up',
    means: 'An e-service’s address has not acknowledged notices for 30 days, and they are tried no more.',
    todo: `Ask the e-service’s people whether they know what became of these payments. ${CATCH_UP}`,
    rulings: { settled: 'dealt with: these are not asked about again; a further one is' },
  },
}
