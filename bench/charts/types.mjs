import { bars, COLORS } from './picture.mjs'

export const source = 'types'

const CONTENDERS = { rows: COLORS.ours, column: COLORS.ours2, plain: COLORS.json }
const LABELS = { rows: 'rows', column: 'whole column', plain: 'plain TypeScript' }

export function charts(results) {
  const slowestFirst = Object.entries(results).sort(([, a], [, b]) => b.rows.leastCpu - a.rows.leastCpu)
  const categories = slowestFirst.map(([family]) => family)
  const series = Object.entries(CONTENDERS).map(([key, color]) => ({
    name: LABELS[key],
    color,
    data: slowestFirst.map(([, measured]) => measured[key].leastCpu),
  }))
  return {
    types: {
      note: 'ns of processor time a value, the round with the least; shorter is better. Logarithmic axis: a step is ten times',
      legend: Object.values(LABELS),
      heights: [60 + 44 * categories.length],
      panels: [bars({ categories, series, unit: 'ns a value', isLog: true, left: 230 })],
    },
  }
}
