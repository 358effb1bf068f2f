import { COLORS, lines, short } from './picture.mjs'

export const source = 'scaling'

const { ours, ours2, rival, third } = COLORS
const PAIR = [ours, rival]
const THREE = [ours, third, rival]

export function charts({ blocks, texts, columns, statements, stream }) {
  const panel = (title, xName, yName, byName, colors, more) =>
    lines({
      title,
      xName,
      yName,
      series: Object.entries(byName).map(([name, points], i) => ({
        name,
        color: colors[i],
        data: points.map(({ size, cpuNs }) => [size, cpuNs.min]),
      })),
      ...more,
    })
  return {
    scaling: {
      question: 'How does the cost of a row grow?',
      note: 'processor time, the round with the least; flat is good. Logarithmic axes of sizes',
      columns: 2,
      heights: [300, 300],
      panels: [
        panel('Rows per block', 'rows per block', 'ns a row', blocks, PAIR),
        panel('Length of texts', 'characters', 'ns a text', texts, PAIR, { isLogY: true, right: 90 }),
        panel('Columns', 'columns of the table', 'ns a value', columns, THREE, { isLogY: true, right: 130 }),
        panel('Statements at once, a row to each in turn', 'statements', 'ns a row', statements, PAIR, { base: 2 }),
      ],
    },
    stream: {
      question: `Does memory grow in a stream of ${stream.rowCount.toLocaleString('en')} rows?`,
      note: `${stream.shape} rows through one statement into /dev/null; memory of the process, MiB`,
      heights: [320],
      panels: [memory(stream)],
    },
  }
}

function memory({ samples }) {
  const line = (name, key, color) => ({
    type: 'line',
    name,
    data: samples.map((sample) => [sample.rows, sample[key] / 2 ** 20]),
    showSymbol: false,
    lineStyle: { width: 2, color },
    itemStyle: { color },
    endLabel: { show: true, color, fontSize: 12, formatter: ({ value }) => `${name}, ${value[1].toFixed(0)} MiB` },
  })
  return {
    right: 190,
    xName: 'rows',
    xAxis: { type: 'value', max: 'dataMax', axisLabel: { formatter: short } },
    yAxis: { type: 'value', min: 0 },
    series: [line('resident', 'residentBytes', ours), line('JavaScript heap', 'heapBytes', ours2)],
  }
}
