import { bars, COLORS } from './picture.mjs'

export const source = 'await'

const COLORS_BY_WAY = [COLORS.ours, COLORS.ours2]

export function charts(results) {
  const categories = Object.keys(results)
  const ways = Object.keys(results[categories[0]])
  const series = ways.map((name, i) => ({
    name,
    color: COLORS_BY_WAY[i],
    data: categories.map((shape) => results[shape][name].cpuNsPerRow.min),
  }))
  return {
    await: {
      note: 'ns of processor time a row, the round with the least; shorter is better',
      legend: ways,
      heights: [60 + 80 * categories.length],
      panels: [bars({ categories, series, unit: 'ns a row' })],
    },
  }
}
