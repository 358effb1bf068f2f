import { bars, COLORS } from './picture.mjs'

export const source = 'latency'

const QUANTILES = { p50: 'half the time', p99: '99 %', 'p99.9': '99.9 %', max: 'longest' }
const SHADES = [COLORS.ours2, COLORS.ours, COLORS.rival, COLORS.json]

export function charts({ contenders, barMs, runs }) {
  const categories = Object.keys(contenders)
  const of = (pick) => categories.map((label) => pick(contenders[label]))
  const ours = categories.slice(1) // the control sends nothing
  const cost = (title, pick) =>
    bars({
      title,
      categories: ours,
      series: [{ name: title, color: COLORS.ours, data: ours.map((label) => pick(contenders[label])) }],
      left: 190,
    })
  return {
    latency: {
      note:
        `log rows at full speed, medians of ${runs} runs. What comes at any moment waits no longer than this, in so much of the time;\n` +
        'time that the thread itself ran: other processes on the machine are not in it',
      legend: Object.values(QUANTILES),
      heights: [430, 240, 240],
      panels: [
        waits(categories, of, barMs),
        cost('1,000 rows a second', ({ rowsPerSecond }) => rowsPerSecond.median / 1e3),
        cost('processor time a row of all threads, ns, the least', ({ cpuNsPerRow }) => cpuNsPerRow.min),
      ],
    },
  }
}

function waits(categories, of, barMs) {
  const series = Object.entries(QUANTILES).map(([key, name], i) => ({
    name,
    color: SHADES[i],
    data: of(({ ownWaitsMs }) => ownWaitsMs[key].median),
  }))
  const panel = bars({
    title: 'Wait for the event loop',
    yName: 'ms',
    categories,
    series,
    unit: 'ms',
    digits: 1,
    left: 190,
  })
  panel.series[0].markLine = {
    symbol: 'none',
    data: [{ xAxis: barMs }],
    lineStyle: { color: COLORS.limit, type: 'dashed' },
    label: {
      formatter: `${barMs} ms: no more, 99.9 % of the time`,
      color: COLORS.limit,
      position: 'start',
      fontSize: 11,
    },
  }
  return panel
}
