import { bars, COLORS } from './picture.mjs'

export const source = 'delivery'

export function charts(results) {
  const categories = Object.keys(results)
  const data = (key) => categories.map((shape) => results[shape][key])
  return {
    delivery: {
      note: 'µs of processor time a block of 65,536 rows, the round with the least. Logarithmic axis: a step is ten times',
      legend: ['encode it', 'deliver it'],
      heights: [60 + 80 * categories.length],
      panels: [
        bars({
          categories,
          series: [
            { name: 'encode it', color: COLORS.ours, data: data('encodeUs') },
            { name: 'deliver it', color: COLORS.rival, data: data('deliverUs') },
          ],
          unit: 'µs a block',
          isLog: true,
        }),
      ],
    },
  }
}
