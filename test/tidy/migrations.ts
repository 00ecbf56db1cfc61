import { type Finding, lineAt, type Rule, type Source } from './source.ts'
import { readStatements, type SqlStatement } from './sql-tokens.ts'

/**
 * The release before goes on serving while a migration runs and after it, and payers do not wait behind it. So a statement must be known to
 * take no lock for long and to leave everything that the older release reads and writes as it was: expand now, contract a release later.
 * What is not known here is refused too. A table that the same file makes is nobody's yet: with it anything may be done.
 */
export const migrations: Rule = (sources) =>
  [...byModule(sources)].flatMap(([, files]) => {
    const before: string[] = []
    return files.flatMap((file) => judgeFile(file, before))
  })

/** Applied before there was this rule, on tables of a few rows. They stay as they are: a migration is never edited. */
const BEFORE_THE_RULE: readonly string[] = ['src/tasks/migrations/0002_task-subject.sql']

const MIGRATION = /^(src\/.*\/)migrations\/[^/]+\.sql$/

const byModule = (sources: readonly Source[]): ReadonlyMap<string, readonly Source[]> => {
  const modules = new Map<string, Source[]>()
  for (const source of [...sources].sort((a, b) => (a.path < b.path ? -1 : 1))) {
    const module = MIGRATION.exec(source.path)?.[1]
    if (module !== undefined && !BEFORE_THE_RULE.includes(source.path)) {
      modules.set(module, [...(modules.get(module) ?? []), source])
    }
  }
  return modules
}

/** `before` is every statement of the module's earlier files, and grows by this one's. */
const judgeFile = ({ path, text }: Source, before: string[]): readonly Finding[] => {
  const statements = readable(text)
  if (typeof statements === 'string') return [{ path, line: 1, say: statements }]
  const made = new Set(statements.flatMap((statement) => newTableOf(statement.text, before)))
  const apart = path.endsWith('-concurrently.sql')
  return statements.flatMap((statement, place) => {
    const faults = judge(statement.text, { made, apart, before, next: statements[place + 1]?.text ?? '' })
    before.push(statement.text)
    const excused = statement.comments.some((comment) => EXCUSE.test(comment))
    return faults
      .filter(({ excusable }) => !(excusable && excused))
      .map(({ say, excusable }) => ({ path, line: lineAt(text, statement.offset), say: excusable ? say + HOW : say }))
  })
}

/** What an earlier file made, "if not exists" leaves as it is, with all that is in it. */
const newTableOf = (text: string, before: readonly string[]): readonly string[] => {
  const name = tableMadeBy(text)
  const isThere = /^create table if not exists /.test(text) && before.some((earlier) => tableMadeBy(earlier) === name)
  return name === undefined || isThere ? [] : [name]
}

const tableMadeBy = (text: string): string | undefined => {
  const name = NEW_TABLE.exec(text)?.[1]
  return name && plain(name)
}

/** In quotes or not, it is one table. */
const plain = (name: string): string => name.replaceAll(/"([a-z_][a-z0-9_$]*)"/g, '$1')

const readable = (text: string): readonly SqlStatement[] | string => {
  try {
    return readStatements(text)
  } catch (fault) {
    return fault instanceof Error ? fault.message : String(fault)
  }
}

/** `-- harmless: ` and a reason of some words, above the statement. It excuses what a reason can make harmless, and no lock. */
const EXCUSE = /^harmless: (?:\S+\s+){3,}\S+/
const HOW = ' (where neither this release nor the one before minds: "-- harmless: <why>" above the statement)'

type Around = {
  /** Tables that this file makes. */
  readonly made: ReadonlySet<string>
  /** Run statement by statement, outside a transaction. */
  readonly apart: boolean
  /** All that the module applied before, this file's included. */
  readonly before: readonly string[]
  readonly next: string
}
type Fault = { readonly say: string; readonly excusable?: true }

const NAME = String.raw`((?:[\w$]+|"[^"]+")(?: \. (?:[\w$]+|"[^"]+"))?)`
const starting = (words: string): RegExp => new RegExp(`^${words} ${NAME}`)
const NEW_TABLE = starting('create table(?: if not exists)?')
const ALTER_TABLE = starting('alter table(?: if exists)?(?: only)?')
const INSERT = starting('insert into')
const REWRITE = new RegExp(`^(?:with .* )?(?:update(?: only)?|delete from(?: only)?) ${NAME}`)
const INDEX = new RegExp(`^create (unique )?index (concurrently )?(?:if not exists )?(?:${NAME} )?on (?:only )?${NAME}`)
const DROP_INDEX = /^drop index (concurrently )?(?:if exists )?(.+)$/

/** House rules, whatever table it is. */
const NEVER: readonly (readonly [RegExp, string])[] = [
  [
    /\b(?:small|big)?serial\b|\bas identity\b|\bnextval\b|^(?:create|alter) sequence\b/,
    'makes numbers in the database: ids and times are made in Node, a sequence is one more thing that every payment waits for',
  ],
  [
    /^create (?:or replace )?(?:constraint )?trigger\b|^create (?:or replace )?rule\b/,
    'makes a trigger or rule: what happens with a row is written where the row is written, in the store',
  ],
  [
    /^create type\b.* as enum\b|^alter type\b/,
    'is about an enum: write a text column with a check, which can be changed',
  ],
  [
    /^create or replace\b/,
    'replaces what the release before may use: make a new one beside it, and drop the old one a release later',
  ],
  [/^do\b|\$\$/, 'holds a body of code, which cannot be judged: write plain statements'],
  [
    /^truncate\b/,
    'empties a table under a lock that stops everybody: make a new table, or delete in a job, some rows at a time',
  ],
  [/^lock\b/, 'locks a table: the statements take the locks they need, and the runner bounds how long they wait'],
  [
    /^(?:vacuum|cluster|reindex|refresh)\b/,
    'rewrites a table or an index under a lock: this is maintenance, which an operator does when it suits',
  ],
  [/^(?:begin|start|commit|end|rollback|savepoint)\b/, 'ends or begins a transaction: the runner holds it'],
  [/^(?:set|reset)\b/, 'changes a setting: the runner sets the limits of waiting, the same for every migration'],
  [
    /^alter .*\brename\b/,
    'renames what the release before uses: add the new name beside it, write both, drop the old one a release later',
  ],
]

const judge = (text: string, around: Around): readonly Fault[] => {
  const never = NEVER.filter(([pattern]) => pattern.test(text)).map(([, say]) => ({ say }))
  if (never.length > 0) return never
  return [...judgeKind(text, around), ...(around.apart ? judgeApart(text, around) : [])]
}

/** Run again from its first statement where it was interrupted, so each must bear a repetition. */
const judgeApart = (text: string, { before }: Around): readonly Fault[] => {
  const index = INDEX.exec(text)
  const name = index?.[3]
  const last = before.at(-1) ?? ''
  const isDropped =
    name !== undefined && new RegExp(String.raw`^drop index concurrently if exists .*\b${name}$`).test(last)
  if (index && !isDropped) {
    return [
      {
        say: 'leaves a broken index when it is interrupted: first "drop index concurrently if exists" of the same name',
      },
    ]
  }
  if (index || DROP_INDEX.test(text) || / validate constraint /.test(text)) return []
  return [
    {
      say: 'may run twice in a file called -concurrently: what is not an index or a validation belongs in a file of its own',
    },
  ]
}

/** The first that fits says it all. */
const judgeKind = (text: string, around: Around): readonly Fault[] => {
  const isNew = (name: string | undefined): boolean => name !== undefined && around.made.has(plain(name))
  const altered = ALTER_TABLE.exec(text)
  const index = INDEX.exec(text)
  const insert = INSERT.exec(text)
  const rewrite = REWRITE.exec(text)
  if (/^create schema if not exists /.test(text) || /^comment on /.test(text)) return []
  if (NEW_TABLE.test(text)) return judgeNewTable(text, around)
  if (index) return isNew(index[4]) ? [] : judgeIndex(index, around)
  if (DROP_INDEX.test(text)) return judgeDropIndex(text, around)
  if (insert) return isNew(insert[1]) || !/ select /.test(text) ? [] : [COPIES]
  if (rewrite) return isNew(rewrite[1]) ? [] : [REWRITES]
  if (/^drop /.test(text)) return [DROPS]
  if (!altered) return [UNKNOWN]
  if (isNew(altered[1])) return judgeReferences(text, around)
  return actionsOf(text.slice(altered[0].length)).flatMap((action) => judgeAction(action, altered[1] ?? '', around))
}

const UNKNOWN: Fault = {
  say: 'is none of the statements known to be safe beside the release before: write it otherwise, or teach test/tidy/migrations.ts why it is',
}
const DROPS: Fault = {
  say: 'drops what the release before may use: stop using it in one release, drop it in the next',
  excusable: true,
}
const REWRITES: Fault = {
  say: 'rewrites rows in one transaction, and every payment behind them waits: let a job do it some rows at a time, and read both forms meanwhile',
  excusable: true,
}
const COPIES: Fault = {
  say: 'copies rows in one transaction, and misses what the release before writes after it: write both in one release, and let a job fill in the rest',
  excusable: true,
}

const judgeNewTable = (text: string, around: Around): readonly Fault[] => {
  const rest = text.replace(NEW_TABLE, '').trim()
  if (/^as\b/.test(rest)) return [COPIES]
  return /^partition of\b|\) inherits \(/.test(rest) ? [UNKNOWN] : judgeReferences(text, around)
}

/** A foreign key locks the other table against writers, and is checked by triggers. */
const judgeReferences = (text: string, { made }: Around): readonly Fault[] => {
  const others = [...text.matchAll(new RegExp(`\\breferences ${NAME}`, 'g'))].map(([, name = '']) => name)
  return others.some((name) => !made.has(plain(name)))
    ? [{ say: 'refers to a table in use, which locks that one, and could refuse money later: leave the key out' }]
    : []
}

const judgeIndex = ([, unique, concurrently]: RegExpExecArray, { apart }: Around): readonly Fault[] => {
  if (!concurrently || !apart) {
    const how = '"create index concurrently" in a file called 0000_what-it-does-concurrently.sql'
    return [{ say: `builds an index while nobody may write to its table: ${how}` }]
  }
  return unique ? [NARROWS] : []
}
const NARROWS: Fault = {
  say: 'refuses rows that the release before may write: let a release keep to it first, and no constraint may refuse money',
  excusable: true,
}

/** Built again at once it was left by an interrupted run; else it was of use to somebody. */
const judgeDropIndex = (text: string, { apart, next }: Around): readonly Fault[] => {
  if (!apart || !/^drop index concurrently if exists /.test(text)) {
    return [{ say: 'drops an index under a lock: "drop index concurrently if exists" in a file called -concurrently' }]
  }
  const name = text.split(' ').at(-1)
  return INDEX.exec(next)?.[3] === name ? [] : [DROPS]
}

// ------------------------------------------------------------------------------------------------------------------------ alter table

/** Parted by the commas that stand in no brackets. */
const actionsOf = (text: string): readonly string[] => {
  const actions: string[] = ['']
  let depth = 0
  for (const word of text.trim().split(' ')) {
    depth += word === '(' ? 1 : word === ')' ? -1 : 0
    if (word === ',' && depth === 0) actions.push('')
    else actions[actions.length - 1] = `${actions.at(-1)} ${word}`.trim()
  }
  return actions
}

const CONSTRAINT = /^add (?:constraint|check|unique|primary|exclude|foreign)\b/
const ADD_COLUMN = /^add (?:column )?(?:if not exists )?/
/** A value that every row shares, so that none has to be written: PostgreSQL's manual, "ALTER TABLE", notes. */
const CONSTANT = String.raw`(?:''|[-+] ?\d[\w.]*|\d[\w.]*|true|false|null|current_timestamp|now \( \))`
const SHARED_DEFAULT = new RegExp(String.raw`\bdefault ${CONSTANT}(?: :: [\w ]+(?:\[ \])*)?(?= not null\b| null\b|$)`)

const judgeAction = (action: string, table: string, around: Around): readonly Fault[] => {
  if (CONSTRAINT.test(action)) return judgeConstraint(action)
  if (ADD_COLUMN.test(action)) return judgeColumn(action)
  if (/^validate constraint /.test(action)) return around.apart ? [] : [VALIDATES]
  if (/^drop /.test(action)) return [DROPS]
  if (/^set \(|^reset \(/.test(action)) return []
  const column = /^alter (?:column )?(\S+) (.+)$/.exec(action)
  return column ? judgeChange(table, column[1] ?? '', column[2] ?? '', around) : [UNKNOWN]
}

const VALIDATES: Fault = {
  say: 'looks through the table under whatever lock its transaction holds: validate in a file called -concurrently',
}

const judgeConstraint = (action: string): readonly Fault[] => {
  if (/\b(?:unique|primary key|exclude)\b/.test(action)) {
    return [{ say: 'builds an index while nobody may read or write: a unique index, concurrently, does the same' }]
  }
  if (/\bforeign key\b|\breferences\b/.test(action)) {
    return [{ say: 'adds a foreign key, which locks two tables and could refuse money later: leave it out' }]
  }
  return / not valid$/.test(action)
    ? [NARROWS]
    : [
        {
          say: 'looks through the table while nobody may write: add it "not valid", and validate in a file called -concurrently',
        },
      ]
}

const judgeColumn = (action: string): readonly Fault[] => {
  const hasDefault = /\bdefault\b/.test(action)
  if (/\b(?:unique|primary key|references|check)\b/.test(action)) {
    return [
      {
        say: 'adds a column with a constraint, and looks through the table for it: add the column bare, the constraint "not valid" after it',
      },
    ]
  }
  if (/\bgenerated\b/.test(action) || (hasDefault && !SHARED_DEFAULT.test(action))) {
    return [
      {
        say: 'gives each row a value of its own and so writes the whole table anew: add the column without one, and let a job fill it',
      },
    ]
  }
  return /\bnot null\b/.test(action) && (!hasDefault || /\bdefault null\b/.test(action))
    ? [{ say: 'adds a column that the release before cannot fill: give it a constant default, or allow null' }]
    : []
}

const judgeChange = (table: string, column: string, change: string, { before }: Around): readonly Fault[] => {
  if (/^set (?:default|statistics|storage)\b/.test(change)) return []
  if (/^(?:set data )?type\b/.test(change)) {
    return [
      {
        say: 'changes a column’s type, and writes the whole table anew: add a column beside it, write both, drop the old one a release later',
      },
    ]
  }
  if (/^set not null$/.test(change)) {
    return isChecked(table, column, before)
      ? [NARROWS]
      : [
          {
            say: 'looks through the table while nobody may read: first "check (… is not null) not valid", then validate it in a file called -concurrently',
          },
        ]
  }
  return /^drop (?:default|not null)$/.test(change) ? [LOOSENS] : [UNKNOWN]
}
const LOOSENS: Fault = {
  say: 'leaves out what the release before relies on: it must have been taught first to fill the column, or to read null',
  excusable: true,
}

/** A validated check says that there is no null: then PostgreSQL does not look (manual, "ALTER TABLE", SET NOT NULL). */
const isChecked = (table: string, column: string, before: readonly string[]): boolean => {
  const actions = before
    .filter((text) => ALTER_TABLE.exec(text)?.[1] === table)
    .flatMap((text) => actionsOf(text.replace(ALTER_TABLE, '')))
  const added = actions.flatMap((action) => {
    const [, name, checked] = /^add constraint (\S+) check \( (\S+) is not null \) not valid$/.exec(action) ?? []
    return name !== undefined && checked === column ? [name] : []
  })
  return added.some((name) => actions.includes(`validate constraint ${name}`))
}
