import { bars, COLORS } from './picture.mjs'

export const source = 'columns'

const TEXT_WAYS = { 'into a block': COLORS.ours, 'values alone': COLORS.ours2, JavaScript: COLORS.rival }
const FORMS = { bytes: 'UTF-8 with offsets', strings: 'JavaScript strings' }

export function charts({ numbers, texts }) {
  return {
    'columns-numbers': {
      question: 'What do whole columns of numbers cost next to memcpy?',
      note: 'GB/s of ten columns of typed arrays, the fastest round; longer is better',
      heights: Object.values(numbers).map((measured) => 80 + 32 * Object.keys(measured).length),
      panels: Object.entries(numbers).map(([title, measured]) =>
        bars({
          title,
          categories: Object.keys(measured),
          series: [
            {
              name: 'GB/s',
              data: Object.entries(measured).map(([label, { gbPerSecond }]) => ({
                value: gbPerSecond.max,
                itemStyle: { color: label === 'memcpy' ? COLORS.json : COLORS.ours },
              })),
            },
          ],
          unit: 'GB/s',
          digits: 1,
          left: 260,
        }),
      ),
    },
    'columns-texts': {
      question: 'What do columns of texts cost next to parsers in JavaScript?',
      note: 'ns a text, the fastest round; shorter is better. The parsers in JavaScript check nothing and stop at the values',
      legend: Object.keys(TEXT_WAYS),
      columns: 2,
      heights: [560],
      panels: Object.entries(FORMS).map(([form, title]) => {
        const categories = Object.keys(texts[form])
        const series = Object.entries(TEXT_WAYS).map(([name, color]) => ({
          name,
          color,
          data: categories.map((type) => texts[form][type][name].nsPerRow.min),
        }))
        return bars({ title, categories, series, unit: 'ns a text', digits: 1, left: 120, right: 50 })
      }),
    },
  }
}
