// A picture of one or several panels on a card of its own, so that it reads on a light page and on a dark one: the question above,
// machine, versions and commit below.

import { init } from 'echarts'

export const COLORS = {
  ours: '#1a66d6',
  ours2: '#7fb2f5',
  rival: '#d4700f',
  json: '#8a8f98',
  limit: '#b3261e',
  third: '#2a8a5b',
}
const INK = '#1f2328'
const FAINT = '#59636e'
const FONT = 'DejaVu Sans, Verdana, Helvetica, Arial, sans-serif'
const HEAD = 88
const FOOT = 44
const PANEL_HEAD = 34
const PANEL_FOOT = 46
const WIDTH = 1000

/**
 * @param panels   each {title, xName, yName, xAxis, yAxis, series, left?: room for its axis' labels}; drawn `columns` to a row
 * @param heights  of the rows of panels, px
 * @returns        SVG text
 */
export function picture({ question, note, machine, command, columns = 1, heights, panels, legend = [] }) {
  const height = HEAD + legendHeight(legend) + heights.reduce((sum, one) => sum + one, 0) + FOOT
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height })
  const footer =
    `${machine.cpu.trim()}, ${machine.cores} cores; Node ${machine.node}; sluice ${machine.packages.sluice}, ` +
    `commit ${machine.commit}; npm run bench -- ${command}`
  const option = {
    backgroundColor: '#ffffff',
    animation: false,
    textStyle: { fontFamily: FONT, color: INK, fontSize: 12 },
    title: [
      {
        text: question,
        subtext: note,
        left: 20,
        top: 14,
        textStyle: { fontSize: 19, color: INK },
        subtextStyle: { ...small(13), lineHeight: 17 },
      },
      { text: footer, left: 20, bottom: 12, textStyle: { ...small(11), fontWeight: 'normal' } },
    ],
    legend: {
      data: legend,
      left: 14,
      top: HEAD - 2,
      itemGap: 40,
      textStyle: { color: INK, fontSize: 13 },
      selectedMode: false,
    },
    grid: [],
    xAxis: [],
    yAxis: [],
    series: [],
  }
  for (const [i, panel] of panels.entries())
    place(option, panel, i, { columns, heights, top: HEAD + legendHeight(legend) })
  chart.setOption(option)
  // Its names count the charts drawn so far: without that a picture is the same whenever it is drawn.
  const classes = new Map()
  const svg = chart
    .renderToSVGString()
    .replaceAll(/\bzr\d+-/g, 'zr-')
    .replaceAll(/\bzr-cls-\d+/g, (name) => {
      if (!classes.has(name)) classes.set(name, `zr-cls-${classes.size}`)
      return classes.get(name)
    })
  chart.dispose()
  return `${svg}\n`
}

function legendHeight(legend) {
  return legend.length > 0 ? 30 : 0
}

function small(fontSize) {
  return { fontSize, color: FAINT, fontFamily: FONT }
}

function place(option, panel, i, { columns, heights, top }) {
  const { title, xName, yName, xAxis, yAxis, series, left = 64, right = 70 } = panel
  const row = Math.floor(i / columns)
  const width = (WIDTH - 20) / columns
  const x = 10 + (i % columns) * width
  const y = top + heights.slice(0, row).reduce((sum, one) => sum + one, 0)
  const text = [title, yName].filter(Boolean).join(': ')
  option.title.push({ text, left: x + 10, top: y, textStyle: { fontSize: 14, color: INK } })
  const head = text === '' ? 4 : PANEL_HEAD
  option.grid.push({
    left: x + left,
    width: width - left - right,
    top: y + head,
    height: heights[row] - head - PANEL_FOOT,
  })
  const axis = { gridIndex: i, axisLabel: { color: INK, fontSize: 12 }, splitLine: { lineStyle: { color: '#e4e7eb' } } }
  option.xAxis.push({ ...axis, name: xName, nameLocation: 'middle', nameGap: 26, nameTextStyle: small(12), ...xAxis })
  option.yAxis.push({ ...axis, ...yAxis })
  for (const one of series) option.series.push({ ...one, xAxisIndex: i, yAxisIndex: i })
}

/** Horizontal bars, a group for each category, from above as in the list. */
export function bars({ categories, series, unit, isLog = false, digits = 0, left = 100, ...more }) {
  return {
    ...more,
    left,
    xName: unit,
    xAxis: isLog
      ? { type: 'log', min: (range) => 10 ** Math.floor(Math.log10(range.min / 2)) }
      : { type: 'value', min: 0 },
    yAxis: { type: 'category', inverse: true, data: categories, axisTick: { show: false } },
    series: series.map(({ name, data, color }) => ({
      type: 'bar',
      name,
      data,
      itemStyle: { color },
      barGap: '12%',
      barCategoryGap: '28%',
      label: {
        show: true,
        position: 'right',
        color: INK,
        fontSize: 11,
        formatter: ({ value }) => format(value, digits),
      },
    })),
  }
}

/** Lines over a logarithmic axis of sizes; each has its name at its end, where it does not need a legend. */
export function lines({ series, xName, isLogY = false, right = 110, digits = 0, base = 10, ...more }) {
  return {
    ...more,
    right,
    xName,
    xAxis: { type: 'log', logBase: base, min: 'dataMin', max: 'dataMax', axisLabel: { color: INK, formatter: short } },
    yAxis: { type: isLogY ? 'log' : 'value', min: isLogY ? undefined : 0 },
    series: series.map(({ name, data, color }) => ({
      type: 'line',
      name,
      // The first one's label would lie on the axis.
      data: data.map((value, i) => (i === 0 ? { value, label: { offset: [16, 0] } } : value)),
      symbol: 'circle',
      symbolSize: 6,
      lineStyle: { width: 2, color },
      itemStyle: { color },
      label: { show: true, position: 'top', color, fontSize: 11, formatter: ({ value }) => format(value[1], digits) },
      endLabel: { show: true, formatter: name, color, fontSize: 12, distance: 10 },
    })),
  }
}

function format(value, digits) {
  if (value === undefined || value === null) return ''
  return Number(value.toFixed(value < 10 ? Math.max(1, digits) : digits)).toLocaleString('en')
}

/** 1000000 as 1M. */
export function short(value) {
  if (value >= 1e6) return `${value / 1e6}M`
  return value >= 1e4 ? `${value / 1e3}k` : String(value)
}
