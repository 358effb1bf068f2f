// Draws the results that are there, each run's as SVG beside its JSON. A picture's figures are those of its JSON, nothing else.

import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { picture } from './charts/picture.mjs'

const HERE = new URL('charts/', import.meta.url)
const RESULTS = new URL('results/', import.meta.url)

/** @returns  the names of the files written */
export async function drawCharts(from = RESULTS, to = from) {
  const written = []
  for (const file of readdirSync(HERE).filter((name) => name !== 'picture.mjs')) {
    const { source, charts } = await import(new URL(file, HERE).href)
    const json = new URL(`${source}.json`, from)
    if (!existsSync(json)) continue
    const { question, machine, results } = JSON.parse(readFileSync(json, 'utf8'))
    for (const [name, drawn] of Object.entries(charts(results))) {
      writeFileSync(new URL(`${name}.svg`, to), picture({ question, machine, command: source, ...drawn }))
      written.push(`${name}.svg`)
    }
  }
  return written
}
