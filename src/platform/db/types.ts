import pg from 'pg'
import { parseInstant } from '../../kernel/time.ts'

/** How values of PostgreSQL become values of the hub, by type (oid of pg_type.dat). */
type Read = (text: string) => unknown

const TIMESTAMPTZ = 1184

/** `2026-11-23 10:00:00.123456+02` → milliseconds. The server writes it in its own zone, with an offset of hours, or of hours and minutes. */
const readInstant: Read = (text) => {
  const iso = text.replace(' ', 'T').replace(/([+-]\d{2})$/, '$1:00')
  const instant = parseInstant(iso)
  if (instant === undefined) throw new Error(`"${text}" is not a moment the hub can hold`)
  return instant
}

const readInteger: Read = (text) => {
  const value = Number(text)
  if (!Number.isSafeInteger(value)) throw new Error(`${text} is larger than an exact number`)
  return value
}

const readBytes: Read = (text) => {
  const bytes = Buffer.from(text.slice(2), 'hex')
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** `{1,NULL,2}`: of numbers and moments, which hold neither comma nor brace. */
const eachOf =
  (read: Read): Read =>
  (text) =>
    text === '{}'
      ? []
      : text
          .slice(1, -1)
          .split(',')
          .map((entry) => (entry === 'NULL' ? null : read(entry.replaceAll('"', ''))))

const asWritten: Read = (text) => text

const READERS: ReadonlyMap<number, Read> = new Map([
  [TIMESTAMPTZ, readInstant],
  [1185, eachOf(readInstant)],
  [20, readInteger],
  [1016, eachOf(readInteger)],
  [17, readBytes],
  // date, timestamp: a day or a wall clock is no moment; the driver would make one with the machine's zone.
  [1082, asWritten],
  [1114, asWritten],
])

/** For the driver: `int8` throws when it is not an exact number, `jsonb` is parsed, `numeric` stays text. */
export const types: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    (format !== 'binary' && READERS.get(oid)) || pg.types.getTypeParser(oid, format as 'text'),
}
