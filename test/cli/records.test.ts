import { describe, expect, it } from 'vitest'
import { csvSplitter, lineSplitter, type Splitter } from '../../src/cli/input/records.ts'

/** Records with their lines; regions end at line ends, as readRegions makes them. */
function split(splitter: Splitter, ...regions: string[]): [number, string][] {
  const batches = [
    ...regions.map((text) => splitter({ text, valid: true }, false)),
    splitter({ text: '', valid: true }, true),
  ]
  return batches.flatMap(({ texts, lines }) => texts.map((text, i) => [lines[i]!, text] as [number, string]))
}

describe('lineSplitter: a line is a record', () => {
  it('takes \\n and \\r\\n, and a last line without either', () => {
    expect(split(lineSplitter(), 'a\r\nb\nc')).toEqual([
      [1, 'a'],
      [2, 'b'],
      [3, 'c'],
    ])
  })
  it('keeps empty lines, so that line numbers are the file’s', () => {
    expect(split(lineSplitter(), 'a\n\n\r\nb\n')).toEqual([
      [1, 'a'],
      [2, ''],
      [3, ''],
      [4, 'b'],
    ])
  })
  it('counts on in the next region', () => {
    expect(split(lineSplitter(), 'a\nb\n', 'c\n', 'd')).toEqual([
      [1, 'a'],
      [2, 'b'],
      [3, 'c'],
      [4, 'd'],
    ])
  })
})

describe('csvSplitter: a record ends at a line end outside quotes', () => {
  const cases: [string, string[], [number, string][]][] = [
    [
      'no quotes',
      ['a,b\r\nc,d\n'],
      [
        [1, 'a,b'],
        [2, 'c,d'],
      ],
    ],
    [
      'a line end in quotes',
      ['a,"b\nc"\nd,e\n'],
      [
        [1, 'a,"b\nc"'],
        [3, 'd,e'],
      ],
    ],
    [
      'CRLF in quotes stays',
      ['"a\r\nb"\r\nc\r\n'],
      [
        [1, '"a\r\nb"'],
        [3, 'c'],
      ],
    ],
    [
      'doubled quotes',
      ['"a""\n""b",c\nd\n'],
      [
        [1, '"a""\n""b",c'],
        [3, 'd'],
      ],
    ],
    [
      'delimiters in quotes',
      ['"a,\n,b",c\nd\n'],
      [
        [1, '"a,\n,b",c'],
        [3, 'd'],
      ],
    ],
    [
      'a quote inside a plain field opens nothing',
      ['5" pipe,x\n6" pipe,y\n'],
      [
        [1, '5" pipe,x'],
        [2, '6" pipe,y'],
      ],
    ],
    [
      'blanks before the quote',
      ['a, "b\nc"\nd\n'],
      [
        [1, 'a, "b\nc"'],
        [3, 'd'],
      ],
    ],
    [
      'a record over three regions',
      ['a,"b\n', 'c\n', 'd",e\nf\n'],
      [
        [1, 'a,"b\nc\nd",e'],
        [4, 'f'],
      ],
    ],
    [
      'two open fields in one record',
      ['"a\n', 'b","c\n', 'd"\ne\n'],
      [
        [1, '"a\nb","c\nd"'],
        [4, 'e'],
      ],
    ],
    [
      'a quote that never closes',
      ['a\n"b\nc\n'],
      [
        [1, 'a'],
        [2, '"b\nc\n'],
      ],
    ],
    ['no last line end', ['a,"b"'], [[1, 'a,"b"']]],
    [
      'an empty quoted field at the end',
      ['a,""\n"",b\n'],
      [
        [1, 'a,""'],
        [2, '"",b'],
      ],
    ],
  ]
  for (const [name, regions, records] of cases)
    it(name, () => expect(split(csvSplitter(','), ...regions)).toEqual(records))

  it('finds the same records however the lines are grouped', () => {
    const text = 'id,text\n1,"a\n""b"", c\n"\n2,plain\n\n3,"x"\n4," ""\n"\n'
    const lines = text.split(/(?<=\n)/)
    const whole = split(csvSplitter(','), text)
    expect(whole.map(([line]) => line)).toEqual([1, 2, 5, 6, 7, 8])
    for (let cut = 1; cut < lines.length; cut++) {
      expect(split(csvSplitter(','), lines.slice(0, cut).join(''), lines.slice(cut).join(''))).toEqual(whole)
    }
    expect(split(csvSplitter(','), ...lines)).toEqual(whole)
  })
})
