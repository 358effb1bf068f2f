import { bars, COLORS } from './picture.mjs'

export const source = 'memory'

export function charts({ peaks }) {
  const categories = Object.keys(peaks)
  const mib = (key) => categories.map((shape) => peaks[shape][key].peakBytes / 2 ** 20)
  return {
    memory: {
      question: 'Does memory grow with the rows?',
      note: 'peak of the process, MiB: ten million rows through a statement next to a hundred thousand; shorter is better',
      legend: ['few rows', 'many rows'],
      heights: [60 + 80 * categories.length],
      panels: [
        bars({
          categories,
          series: [
            { name: 'few rows', color: COLORS.ours2, data: mib('few') },
            { name: 'many rows', color: COLORS.ours, data: mib('many') },
          ],
          unit: 'MiB',
        }),
      ],
    },
  }
}
