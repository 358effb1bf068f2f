// A README taken apart: its fences, its tables, its chapters.

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export interface Fence {
  /** `ts`, `sh`, … */
  readonly lang: string
  /** The words behind the language: `after=events` is { after: 'events' }, `output` is { output: '' }. */
  readonly meta: Readonly<Record<string, string>>
  readonly text: string
  /** Line of the opening fence, from 1. */
  readonly line: number
  /** Why it is not run, from `<!-- not run: ... -->` on the line above. */
  readonly notRun?: string
}

export function readRepositoryFile(path: string): string {
  return readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8')
}

export function fencesOf(markdown: string): Fence[] {
  const fences: Fence[] = []
  const lines = markdown.split('\n')
  for (let i = 0; i < lines.length; i++) {
    const opening = /^```(\w+)?(.*)$/.exec(lines[i]!)
    if (opening === null) continue
    const end = lines.indexOf('```', i + 1)
    if (end < 0) throw new Error(`line ${i + 1}: the fence never ends`)
    const words = opening[2]!.trim().split(/\s+/).filter(Boolean)
    const notRun = /^<!-- not run: (.+) -->$/.exec(lines[i - 1] ?? '')?.[1]
    fences.push({
      lang: opening[1] ?? '',
      meta: Object.fromEntries(words.map((word) => [word.split('=')[0]!, word.split('=')[1] ?? ''])),
      text: lines.slice(i + 1, end).join('\n'),
      line: i + 1,
      ...(notRun !== undefined && { notRun }),
    })
    i = end
  }
  return fences
}

/** The text under a heading, up to the next one of the same or a higher level. */
export function chapter(markdown: string, title: string): string {
  const lines = markdown.split('\n')
  const start = lines.findIndex((line) => line.replace(/^#+ /, '') === title && line.startsWith('#'))
  if (start < 0) throw new Error(`there is no chapter ${JSON.stringify(title)}`)
  const level = lines[start]!.indexOf(' ')
  let isFenced = false
  const length = lines.slice(start + 1).findIndex((line) => {
    if (line.startsWith('```')) isFenced = !isFenced
    return !isFenced && new RegExp(`^#{1,${level}} `).test(line)
  })
  return lines.slice(start + 1, length < 0 ? undefined : start + 1 + length).join('\n')
}

/** The rows of the tables in a text, without head and rule: trimmed cells, code marks left as they are. */
export function tableRows(markdown: string): string[][] {
  const rows: string[][] = []
  const lines = markdown.split('\n')
  for (const [i, line] of lines.entries()) {
    if (!line.startsWith('|') || /^\|[\s:|-]+$/.test(line) || /^\|[\s:|-]+$/.test(lines[i + 1] ?? '')) continue
    // `\|` is a bar inside a cell.
    const cells = line.replace(/^\||\|\s*$/g, '').split(/(?<!\\)\|/)
    rows.push(cells.map((cell) => cell.trim().replaceAll('\\|', '|')))
  }
  return rows
}

/** `` `a` `` → a */
export function uncoded(cell: string): string {
  return cell.replace(/^`+\s?|\s?`+$/g, '')
}
