// A strict reader of Prometheus' text format: everything the format asks for is checked, nothing is guessed.
// https://prometheus.io/docs/instrumenting/exposition_formats/

export interface Series {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export interface Exposed {
  readonly types: ReadonlyMap<string, string>
  readonly series: readonly Series[]
  /** The value of the one series with this name and at least these labels; 0 where there is none. */
  value(name: string, labels?: Record<string, string>): number
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*'

export function parseExposition(text: string): Exposed {
  const types = new Map<string, string>()
  const helped = new Set<string>()
  const series: Series[] = []
  const closed = new Set<string>()
  let family = ''
  if (text !== '' && !text.endsWith('\n')) throw new Error('the last line does not end')
  for (const line of text.split('\n').slice(0, -1)) {
    const comment = new RegExp(`^# (HELP|TYPE) (${NAME}) (.+)$`).exec(line)
    if (comment !== null) {
      const [, kind, name, rest] = comment as unknown as string[]
      if (name !== family) {
        if (family !== '') closed.add(family)
        if (closed.has(name!)) throw new Error(`${name} is not in one piece`)
        family = name!
      }
      const seen = kind === 'HELP' ? helped.has(name!) : types.has(name!)
      if (seen) throw new Error(`a second ${kind} of ${name}`)
      if (kind === 'HELP') helped.add(name!)
      else if (!/^(counter|gauge|histogram)$/.test(rest!)) throw new Error(`no type: ${line}`)
      else types.set(name!, rest!)
      continue
    }
    const sample = parseSample(line)
    const type = types.get(family)
    if (type === undefined || !helped.has(family)) throw new Error(`no HELP and TYPE before ${line}`)
    const suffix = sample.name.slice(family.length)
    const isOfFamily = sample.name.startsWith(family) && /^(_bucket|_sum|_count|)$/.test(suffix)
    if (!isOfFamily || (suffix !== '') !== (type === 'histogram')) throw new Error(`${line} is not of ${family}`)
    if (type === 'counter' && !family.endsWith('_total')) throw new Error(`${family} is a counter without _total`)
    if (type === 'counter' && !(sample.value >= 0)) throw new Error(`a counter below 0: ${line}`)
    const twin = series.find((one) => one.name === sample.name && sameLabels(one.labels, sample.labels))
    if (twin !== undefined) throw new Error(`twice: ${line}`)
    series.push(sample)
  }
  for (const [name, type] of types) if (type === 'histogram') checkHistogram(name, series)
  return {
    types,
    series,
    value: (name, labels = {}) => {
      const found = series.filter(
        (one) => one.name === name && Object.entries(labels).every(([label, value]) => one.labels[label] === value),
      )
      if (found.length > 1) throw new Error(`${found.length} series are ${name} ${JSON.stringify(labels)}`)
      return found[0]?.value ?? 0
    },
  }
}

function parseSample(line: string): Series {
  const found = new RegExp(`^(${NAME})(?:\\{(.*)\\})? ([^ ]+)$`).exec(line)
  if (found === null) throw new Error(`no sample: ${line}`)
  const [, name, inner = '', text] = found as unknown as string[]
  const value = text === '+Inf' ? Number.POSITIVE_INFINITY : Number(text)
  if (text === '' || Number.isNaN(value)) throw new Error(`no value: ${line}`)
  const labels: Record<string, string> = {}
  let rest = inner
  while (rest !== '') {
    const label = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/.exec(rest)
    if (label === null) throw new Error(`no labels: ${line}`)
    if (label[1]! in labels) throw new Error(`${label[1]} twice: ${line}`)
    labels[label[1]!] = label[2]!.replace(/\\(.)/g, (_, character) => (character === 'n' ? '\n' : character))
    rest = rest.slice(label[0].length)
  }
  return { name: name!, labels, value }
}

function checkHistogram(name: string, all: readonly Series[]): void {
  const counts = all.filter((one) => one.name === `${name}_count`)
  for (const { labels, value } of counts) {
    const buckets = all.filter(({ name: own, labels: { le, ...others } }) => {
      return own === `${name}_bucket` && le !== undefined && sameLabels(others, labels)
    })
    const bounds = buckets.map(({ labels: { le } }) => (le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le)))
    for (let i = 1; i < buckets.length; i++) {
      if (!(bounds[i]! > bounds[i - 1]!)) throw new Error(`${name}: bounds do not ascend`)
      if (buckets[i]!.value < buckets[i - 1]!.value) throw new Error(`${name}: buckets do not add up`)
    }
    if (bounds.at(-1) !== Number.POSITIVE_INFINITY || buckets.at(-1)!.value !== value)
      throw new Error(`${name}: the last bucket is not all`)
    if (!all.some((one) => one.name === `${name}_sum` && sameLabels(one.labels, labels)))
      throw new Error(`${name} has no sum`)
  }
  if (all.filter((one) => one.name === `${name}_sum`).length !== counts.length) throw new Error(`${name}: sums`)
}

function sameLabels(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const names = Object.keys(a)
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name])
}
