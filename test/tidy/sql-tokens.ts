/** Just enough of PostgreSQL's lexical rules (its manual, 4.1) to tell what is a statement and what only looks like one. */

export type SqlStatement = {
  /**
   * Its words in lower case with one space between them and around every sign; a string is `''`, a body between dollars `$$`. Names in
   * double quotes keep them.
   */
  readonly text: string
  /** Where it begins in the file. */
  readonly offset: number
  /** The comments between the statement before and this one's end, without their signs. */
  readonly comments: readonly string[]
}

/** In order of trying. Each is anchored where the last one ended. */
const SHAPES = [
  ['space', /\s+/y],
  ['comment', /--[^\n]*/y],
  ['string', /(?:e|E)'(?:[^'\\]|\\[\s\S]|'')*'/y],
  ['string', /(?:[bxnBXN]|[uU]&)?'(?:[^']|'')*'/y],
  ['name', /(?:[uU]&)?"(?:[^"]|"")+"/y],
  ['body', /\$([A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$[\s\S]*?\$\1\$/y],
  ['word', /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/y],
  ['number', /\d[\w.]*/y],
  ['sign', /::|[-+*/<>=~!@#%^&|`?().,;:[\]{}$\\]/y],
] as const

type Kind = (typeof SHAPES)[number][0]
type Token = { readonly kind: Kind; readonly text: string; readonly offset: number }

/** Throws a sentence for who wrote the file. */
export const readStatements = (sql: string): readonly SqlStatement[] => {
  const statements: SqlStatement[] = []
  let words: string[] = []
  let comments: string[] = []
  let offset = 0
  const end = (): void => {
    if (words.length > 0) statements.push({ text: words.join(' '), offset, comments })
    if (words.length > 0) comments = []
    words = []
  }
  for (const token of tokensOf(sql)) {
    if (token.kind === 'space') continue
    if (token.kind === 'comment') comments.push(token.text.replace(/^--\s*|^\/\*\s*|\s*\*\/$/g, ''))
    else if (token.text === ';') end()
    else {
      if (words.length === 0) offset = token.offset
      words.push(written(token))
    }
  }
  end()
  return statements
}

const written = ({ kind, text }: Token): string =>
  kind === 'string' ? "''" : kind === 'body' ? '$$' : kind === 'name' ? text : text.toLowerCase()

const tokensOf = (sql: string): readonly Token[] => {
  const tokens: Token[] = []
  for (let offset = 0; offset < sql.length; ) {
    const token = sql.startsWith('/*', offset) ? blockComment(sql, offset) : tokenAt(sql, offset)
    tokens.push(token)
    offset += token.text.length
  }
  return tokens
}

const tokenAt = (sql: string, offset: number): Token => {
  for (const [kind, shape] of SHAPES) {
    shape.lastIndex = offset
    const text = shape.exec(sql)?.[0]
    if (text) return { kind, text, offset }
  }
  throw new Error(`cannot be read as SQL from "${sql.slice(offset, offset + 20)}" on: a quote that does not end?`)
}

/** One comment may hold another: both must end. */
const blockComment = (sql: string, offset: number): Token => {
  const edge = /\/\*|\*\//g
  edge.lastIndex = offset
  for (let depth = 0, found = edge.exec(sql); found; found = edge.exec(sql)) {
    depth += found[0] === '/*' ? 1 : -1
    if (depth === 0) return { kind: 'comment', text: sql.slice(offset, edge.lastIndex), offset }
  }
  throw new Error('a comment begins with /* and does not end')
}
