import { bars, COLORS } from './picture.mjs'

export const source = 'encode-rows'

const CONTENDERS = {
  'exec() loop': COLORS.ours,
  'block builder alone': COLORS.ours2,
  'hand-written columnar JS': COLORS.rival,
  'JSONEachRow body': COLORS.json,
}

export function charts(results) {
  const categories = Object.keys(results)
  const series = Object.entries(CONTENDERS).map(([name, color]) => ({
    name,
    color,
    data: categories.map((shape) => results[shape][name].cpuNsPerRow.min),
  }))
  return {
    'encode-rows': {
      note: 'ns of processor time a row, the round with the least; shorter is better. Logarithmic axis: a step is ten times',
      legend: Object.keys(CONTENDERS),
      heights: [60 + 100 * categories.length],
      panels: [bars({ categories, series, unit: 'ns per row', isLog: true })],
    },
  }
}
