import { bars, COLORS } from './picture.mjs'

export const source = 'lz4'

export function charts(results) {
  const categories = Object.keys(results)
  const names = Object.keys(results[categories[0]].contenders).filter((name) => !name.startsWith('CityHash'))
  const colors = [COLORS.ours, COLORS.ours2, COLORS.third, COLORS.rival, COLORS.json]
  const series = names.map((name, i) => ({
    name,
    color: name.startsWith('ours') ? colors[i % 3] : colors[3 + (i % 2)],
    data: categories.map((shape) => results[shape].contenders[name].mbPerSecond.max),
  }))
  return {
    lz4: {
      note: 'MB/s of raw bytes, the fastest round; longer is better. Logarithmic axis: a step is ten times',
      legend: names,
      heights: [60 + 100 * categories.length],
      panels: [bars({ categories, series, unit: 'MB/s', isLog: true })],
    },
  }
}
