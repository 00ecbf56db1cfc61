import type { FieldChange } from './describe.ts'
import type { Change, Plan } from './plan.ts'

/** The difference as text: a line for each thing, below it a line for each field. Ends without a line break. */
export const showPlan = (plan: Plan): string =>
  plan.changes.length === 0 ? 'Nothing to change.' : plan.changes.map(showChange).join('\n')

const showChange = (change: Change): string => {
  const { kind, what, merchant, id } = change
  const thing = what === 'merchant' ? `${what} ${id}` : `${what} ${id} (${merchant})`
  return [`${MARKS[kind]} ${thing}${REMARKS[kind]}`, ...change.fields.map(showField)].join('\n')
}

const MARKS: Readonly<Record<Change['kind'], string>> = {
  added: '+',
  changed: '~',
  restored: '+',
  unnamed: '?',
  retired: '-',
  removed: '-',
}

const REMARKS: Readonly<Record<Change['kind'], string>> = {
  added: '',
  changed: '',
  restored: ': is no longer retired',
  unnamed: ': is not in the file and stays (--prune takes it out)',
  retired: ': retires',
  removed: ': is taken out',
}

const showField = ({ field, from, to }: FieldChange): string => {
  if (from === undefined) return `    + ${field}: ${to}`
  return to === undefined ? `    - ${field}: ${from}` : `    ~ ${field}: ${from} → ${to}`
}
