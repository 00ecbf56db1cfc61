/** RFC 4180, with what a spreadsheet would run as a formula made harmless. */

export type Cell = string | number | boolean | null

/** One record with its line end. */
export const csvLine = (cells: readonly Cell[]): string => `${cells.map(csvCell).join(',')}\r\n`

const csvCell = (cell: Cell): string => {
  const text = typeof cell === 'string' ? harmless(cell) : String(cell ?? '')
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/**
 * Spreadsheets run what begins so; an apostrophe in front makes it text. (OWASP, "CSV Injection".) Where the comma is the decimal sign
 * they part a line at semicolons, within quotes that stand amid it too: what follows one begins a cell there.
 */
const harmless = (text: string): string =>
  text.replace(/^(?=[=+\-@\t\r\n＝＋－＠])/, "'").replaceAll(/(;["'\s]*)(?=[=+\-@＝＋－＠])/g, "$1'")
