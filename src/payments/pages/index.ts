import { unreachable } from '../../kernel/result.ts'
import type { Html } from '../../platform/html/index.ts'
import { choosePage, confirmPage } from './choose.ts'
import { goingPage } from './going.ts'
import { attentionPage, closedPage, closingPage, notPaidPage, paidPage, processingPage } from './outcome.ts'
import { problemPage } from './problem.ts'
import type { PayerPage } from './props.ts'
import { receiptPage } from './receipt.ts'

export type * from './props.ts'

/** The whole document of any of the payer's pages. Pure; every text is escaped. */
export const renderPage = (page: PayerPage): Html => {
  switch (page.page) {
    case 'choose':
      return choosePage(page)
    case 'confirm':
      return confirmPage(page)
    case 'going':
      return goingPage(page)
    case 'paid':
      return paidPage(page)
    case 'processing':
      return processingPage(page)
    case 'not-paid':
      return notPaidPage(page)
    case 'closed':
      return closedPage(page)
    case 'closing':
      return closingPage(page)
    case 'attention':
      return attentionPage(page)
    case 'receipt':
      return receiptPage(page)
    case 'problem':
      return problemPage(page)
    default:
      return unreachable(page)
  }
}
