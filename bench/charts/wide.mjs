import { COLORS, lines } from './picture.mjs'

export const source = 'wide'

const PALETTE = [COLORS.ours, COLORS.ours2, COLORS.third, COLORS.rival, COLORS.limit, COLORS.json]

export function charts(results) {
  const series = Object.entries(results).map(([name, byCount], i) => ({
    name,
    color: PALETTE[i % PALETTE.length],
    data: Object.entries(byCount).map(([count, { nsPerValue }]) => [Number(count), nsPerValue]),
  }))
  return {
    wide: {
      note: 'ns of processor time a value, the round with the least; flat is good',
      heights: [420],
      panels: [lines({ series, xName: 'columns of the table', isLogY: true, right: 170 })],
    },
  }
}
