// Tables of text: columns aligned, values shortened where the width of the screen asks for it.

export interface TableColumn {
  readonly title: string
  readonly cells: readonly string[]
  readonly isNumber?: boolean
  /** The last column, which is never shortened: the line may be longer than the screen. */
  readonly runsOver?: boolean
}

const GAP = '  '
/** Columns are not made narrower than this; a table that is still too wide is shown vertically. */
const COLUMN_WIDTH_MIN = 12
/** One long text does not push the others off the screen, also where it could. */
const COLUMN_WIDTH_MAX = 60

/** Lines of a table with its titles on top; undefined where `width` is too little. */
export function tableLines(columns: readonly TableColumn[], width: number): string[] | undefined {
  const natural = columns.map(({ title, cells, runsOver }) =>
    runsOver ? 0 : cells.reduce((widest, cell) => Math.max(widest, textWidth(cell)), textWidth(title)),
  )
  const widths = fittingWidths(natural, width)
  if (widths === undefined) return undefined
  const rowCount = columns[0]?.cells.length ?? 0
  const line = (textOf: (column: TableColumn) => string) =>
    columns
      .map((column, c) => {
        const text = textOf(column)
        return column.runsOver ? text : pad(shorten(text, widths[c]!), widths[c]!, column.isNumber)
      })
      .join(GAP)
      .trimEnd()
  return [line(({ title }) => title), ...Array.from({ length: rowCount }, (_, r) => line(({ cells }) => cells[r]!))]
}

/** Takes from the widest column until the line fits. */
function fittingWidths(natural: readonly number[], width: number): number[] | undefined {
  const widths = natural.map((one) => Math.min(one, COLUMN_WIDTH_MAX))
  const room = width - GAP.length * (widths.length - 1)
  const least = widths.reduce((sum, one) => sum + Math.min(one, COLUMN_WIDTH_MIN), 0)
  if (least > room) return undefined
  for (let sum = widths.reduce((a, b) => a + b, 0); sum > room; sum--) {
    const widest = widths.indexOf(Math.max(...widths))
    widths[widest]!--
  }
  return widths
}

/** `name: value` lines, the values below each other. */
export function verticalLines(entries: readonly (readonly [name: string, value: string])[], width: number): string[] {
  const nameWidth = Math.min(
    entries.reduce((widest, [name]) => Math.max(widest, textWidth(name)), 0),
    Math.max(8, Math.floor(width / 2)),
  )
  return entries.map(([name, value]) => {
    const label = `${shorten(name, nameWidth)}:`
    return `${pad(label, nameWidth + 1)} ${shorten(value, Math.max(8, width - nameWidth - 2))}`.trimEnd()
  })
}

function pad(text: string, width: number, isNumber = false): string {
  const spaces = ' '.repeat(Math.max(0, width - textWidth(text)))
  return isNumber ? spaces + text : text + spaces
}

/** At most `width` places wide, with … where something is missing. */
export function shorten(text: string, width: number): string {
  if (textWidth(text) <= width) return text
  let short = ''
  let used = 1
  for (const character of text) {
    used += textWidth(character)
    if (used > width) break
    short += character
  }
  return `${short}…`
}

const MARKS = /\p{M}/gu
// East Asian wide and full-width characters, and emoji: two places each.
const WIDE =
  /\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]/gu

/** Places a text takes on a terminal. */
export function textWidth(text: string): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII is the common case, and whole
  if (/^[\x00-\x7f]*$/.test(text)) return text.length
  const base = text.replace(MARKS, '')
  return [...base].length + (base.match(WIDE)?.length ?? 0)
}
