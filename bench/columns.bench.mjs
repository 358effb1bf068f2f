// What do whole columns cost: numbers next to memcpy, texts next to parsers in JavaScript?
//
// Numbers: typed arrays of ten columns, block after block, next to copying the same arrays. Texts: 65,536 of one type, as JavaScript
// strings and as UTF-8 with offsets, next to parsers written by hand for exactly that type, which check nothing.

import { BLOCK_ROWS, TEXT_TYPES } from './columns-of.mjs'
import { perRow } from './per-row.mjs'
import { printTable } from './print.mjs'
import { alternate } from './rounds.mjs'

export const question = 'What do whole columns cost: numbers next to memcpy, texts next to parsers in JavaScript?'

export function cases({ quick }) {
  return [...numberCases(quick), ...textCases(quick)]
}

export async function run({ quick }) {
  return { numbers: await numbers(quick), texts: await texts(quick) }
}

/** Blocks a round; those that are one are what a program sends that fills its arrays anew for each, all in the second-level cache. */
const BLOCKS = 16
const SOURCES = {
  'one block of arrays, over and over': 1,
  'arrays of all blocks, 47 MB': BLOCKS,
}

function numberCases(quick) {
  const rounds = quick ? { rounds: 3, warmups: 1 } : { rounds: 31, warmups: 10 }
  const blockRows = quick ? 1000 : BLOCK_ROWS
  return Object.entries(SOURCES).map(([title, distinct]) => {
    const args = { blocks: BLOCKS, distinct, blockRows }
    const module = './ours/numbers.mjs'
    const contenders = {
      memcpy: { module: './peers/memcpy.mjs', args },
      'encodeColumns(), into kept memory': { module, args: { ...args, way: 'encodeColumns into' } },
      'encodeColumns(), into fresh memory': { module, args: { ...args, way: 'encodeColumns' } },
      'execColumns(), a block a call': { module, args: { ...args, way: 'execColumns' } },
    }
    if (distinct === BLOCKS) contenders['execColumns(), one call'] = { module, args: { ...args, way: 'one call' } }
    return { title, contenders, rounds, blockRows }
  })
}

async function numbers(quick) {
  const results = {}
  for (const { title, contenders, rounds, blockRows } of numberCases(quick)) {
    results[title] = ofMemcpy(await alternate(contenders, rounds))
    printTable(
      `numbers, ${title}: ${BLOCKS} blocks a round of ${blockRows} rows, 45 bytes each; ${rounds.rounds} rounds; GB/s`,
      ['', 'median', 'min..max', 'least CPU', 'of memcpy', 'of the fastest'],
      Object.entries(results[title]).map(([label, { gbPerSecond, ofMemcpy, ofFastest }]) => [
        label,
        gbPerSecond.median.toFixed(2),
        `${gbPerSecond.min.toFixed(2)}..${gbPerSecond.max.toFixed(2)}`,
        gbPerSecond.leastCpu.toFixed(2),
        ofMemcpy.toFixed(2),
        ofFastest.toFixed(2),
      ]),
    )
  }
  return results
}

/** Speeds, as parts of memcpy's: by the medians, and by the fastest rounds. */
function ofMemcpy(measured) {
  const { memcpy } = measured
  const speed = (byteLength, ms) => byteLength / 1e6 / ms
  return Object.fromEntries(
    Object.entries(measured).map(([label, { byteLength, ms, cpuMs }]) => [
      label,
      {
        gbPerSecond: {
          median: speed(byteLength, ms.median),
          min: speed(byteLength, ms.max),
          max: speed(byteLength, ms.min),
          leastCpu: speed(byteLength, cpuMs.min),
        },
        ofMemcpy: memcpy.ms.median / ms.median,
        ofFastest: memcpy.ms.min / ms.min,
      },
    ]),
  )
}

const FORMS = { strings: 'JavaScript strings', bytes: 'UTF-8 with offsets' }

/** By form: what else is run, and for which types. */
const EXTRAS = {
  strings: {
    'joined, not read': { module: './peers/join-js.mjs', types: TEXT_TYPES },
  },
  bytes: {
    'JavaScript, by tables': { module: './peers/text-js.mjs', types: ['UUID'], args: { way: 'tables' } },
  },
}

function textCases(quick) {
  const rowCount = quick ? 3000 : BLOCK_ROWS
  const rounds = quick ? { rounds: 3, warmups: 1 } : { rounds: 31, warmups: 20 }
  const types = quick ? TEXT_TYPES.slice(0, 2) : TEXT_TYPES
  const ofOne = (form, type) => {
    const args = { type, form, rowCount }
    const contenders = {
      'into a block': { module: './ours/texts.mjs', args: { ...args, seals: true } },
      'values alone': { module: './ours/texts.mjs', args: { ...args, seals: false } },
      JavaScript: { module: './peers/text-js.mjs', args },
    }
    for (const [label, extra] of Object.entries(EXTRAS[form]))
      if (extra.types.includes(type)) contenders[label] = { module: extra.module, args: { ...args, ...extra.args } }
    return { title: `${type} as ${FORMS[form]}`, form, type, contenders, rounds, rowCount }
  }
  return Object.keys(FORMS).flatMap((form) => types.map((type) => ofOne(form, type)))
}

async function texts(quick) {
  const results = Object.fromEntries(Object.keys(FORMS).map((form) => [form, {}]))
  const all = textCases(quick)
  for (const { form, type, contenders, rounds, rowCount } of all)
    results[form][type] = perRow(await alternate(contenders, rounds), rowCount)
  const [{ rounds, rowCount }] = all
  for (const form of Object.keys(FORMS)) printTexts(form, rowCount, rounds, results[form])
  return results
}

/** Nanoseconds a text, the median and the least; and how many times as fast as the parser in JavaScript, by the least. */
function printTexts(form, rowCount, { rounds }, results) {
  const labels = ['into a block', 'values alone', 'JavaScript', ...Object.keys(EXTRAS[form])]
  const head = ['', 'M rows/s', ...labels.flatMap((label) => [label, 'least']), 'block: times', 'values: times']
  printTable(
    `texts as ${FORMS[form]}: ${rowCount} a round, ${rounds} rounds; ns a text`,
    head,
    Object.entries(results).map(([type, measured]) => {
      const [block, values, js] = labels.map((label) => measured[label]?.nsPerRow)
      const cells = labels.flatMap((label) => {
        const ns = measured[label]?.nsPerRow
        return ns === undefined ? ['', ''] : [ns.median.toFixed(1), ns.min.toFixed(1)]
      })
      const times = [block, values].map(({ min }) => (js.min / min).toFixed(2))
      return [type, (1000 / block.median).toFixed(1), ...cells, ...times]
    }),
  )
}
