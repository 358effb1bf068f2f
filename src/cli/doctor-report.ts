// What `sluice doctor` prints: one screen per table.
//
//   yes       no row is lost        Every row is acknowledged, or reported with the state of its block.
//   no        survives lost answers `default`.`events` (MergeTree) does not recognise a repeated block. The first lost answer
//                                   ends the statement, with that block unknown.

import type { Answer, CheckReport } from '../index.ts'

export interface ScreenOptions {
  /** Characters in a line; statements to run are not broken. */
  readonly width: number
  readonly isColoured: boolean
}

const COLOURS: Readonly<Record<Answer, number>> = { yes: 32, no: 31, unproven: 33 }
const ANSWER_WIDTH = 10
const TITLE_WIDTH = 23

export function doctorReport(report: CheckReport, { width, isColoured }: ScreenOptions): string {
  const { table, engine, server, promises } = report
  const { writable, noLoss, noDuplicates, atomic, keepsUp } = promises
  const rows = [
    [writable, 'can be written'],
    [noLoss, 'no row is lost'],
    [noDuplicates, 'survives lost answers'],
    [atomic, atomic.per === 'nothing' ? 'atomic' : `atomic per ${atomic.per}`],
    [keepsUp, 'merges keep up'],
  ] as const
  const coloured = (answer: Answer) => {
    const text = answer.padEnd(ANSWER_WIDTH)
    return isColoured ? `\x1b[${COLOURS[answer]}m${text}\x1b[0m` : text
  }
  const row = (first: string, title: string, text: string) => {
    const indent = ' '.repeat(ANSWER_WIDTH + TITLE_WIDTH)
    return `${first}${title.padEnd(TITLE_WIDTH)}${wrap(text, width - indent.length).join(`\n${indent}`)}`
  }
  const remedies = [...new Set([...rows.map(([each]) => each), report.outage].flatMap((each) => each.remedies))]
  return [
    `${table}: ${engine}, on ${server.host === '' ? '' : `${server.host}, `}ClickHouse ${server.version}`,
    '',
    ...rows.map(([{ answer, reason }, title]) => row(coloured(answer), title, reason)),
    '',
    row(' '.repeat(ANSWER_WIDTH), 'after a lost answer', report.outage.reason),
    row(' '.repeat(ANSWER_WIDTH), 'onReject', report.onReject.reason),
    ...(remedies.length === 0 ? [] : ['', 'to change:', ...remedies.map((remedy) => `  ${remedy}`)]),
  ].join('\n')
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = ''
    }
    line += line === '' ? word : ` ${word}`
  }
  return [...lines, line]
}
