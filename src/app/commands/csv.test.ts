import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { csvLine } from './csv.ts'

describe('a line of CSV', () => {
  it.each([
    [['a', 1, true, null, ''], 'a,1,true,,\r\n'],
    [['a,b', 'say "x"', 'two\nlines', 'a\r\nb'], '"a,b","say ""x""","two\nlines","a\r\nb"\r\n'],
    [['=1+1', '+371', '-5', '@sum', '\tx', '\rx'], `'=1+1,'+371,'-5,'@sum,'\tx,"'\rx"\r\n`],
    [['Anna;=1+1', 'a; "-2;b', '＝1', 'a;b=c'], `Anna;'=1+1,"a; ""'-2;b",'＝1,a;b=c\r\n`],
    [[-5, 'a=b', ' =1', 'Ēriks'], `-5,a=b, =1,Ēriks\r\n`],
  ])('writes %j', (cells, line) => {
    expect(csvLine(cells)).toBe(line)
  })

  it('gives back the same cells to who reads it by RFC 4180', () => {
    const cell = fc.string({ unit: fc.constantFrom('a', '"', ',', '\r', '\n', ' ', 'ā', '=', "'") })
    fc.assert(
      fc.property(fc.array(cell, { minLength: 1, maxLength: 5 }), (cells) => {
        const read = cellsOf(csvLine(cells)).map((text, place) => (text === `'${cells[place]}` ? text.slice(1) : text))
        expect(read).toEqual(cells)
      }),
    )
  })

  it('has no cell that a spreadsheet runs', () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { minLength: 1 }), (cells) => {
        for (const text of cellsOf(csvLine(cells))) expect(text).not.toMatch(/^[=+\-@\t\r\n]/)
      }),
    )
  })
})

/** Another reading of RFC 4180, by its grammar. */
const cellsOf = (line: string): readonly string[] =>
  [...`,${line.slice(0, -2)}`.matchAll(/,(?:"((?:[^"]|"")*)"|([^",\r\n]*))/g)].map(([, quoted, plain = '']) =>
    quoted === undefined ? plain : quoted.replaceAll('""', '"'),
  )
