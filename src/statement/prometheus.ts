import { DURATION_BOUNDS, FINAL_STATES, type TableFigures } from '../engine/figures.ts'
import { UsageError } from '../errors.ts'
import { Connection } from './connection.ts'

/** One table of one target, as of now. */
export interface Tally {
  readonly target: string
  readonly table: string
  readonly figures: TableFigures
  /** In open blocks. */
  readonly stagedRows: number
}

/**
 * The figures of connections, one by one or as an array, in Prometheus' text format 0.0.4, which is served as `text/plain; version=0.0.4`. Statements that are over
 * stay counted for as long as their connection is given; so do closed connections.
 *
 * @throws {UsageError} BAD_OPTION for something that is no connection
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/
 */
export function prometheus(...given: readonly (Connection | readonly Connection[])[]): string {
  const connections = given.flat()
  const stranger = connections.find((connection) => !(connection instanceof Connection))
  if (stranger !== undefined) throw new UsageError('BAD_OPTION', 'prometheus() takes what connect() resolves to.')
  const tallies = connections.flatMap((connection) => connection.tallies())
  return FAMILIES.map((family) => print(family, tallies)).join('')
}

interface Sample {
  readonly labels?: Readonly<Record<string, string>>
  readonly value: number
  /** Behind the name of the family, in a histogram. */
  readonly suffix?: '_bucket' | '_sum' | '_count'
}

interface Family {
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  readonly samples: (tally: Tally) => readonly Sample[]
}

const FAMILIES: readonly Family[] = [
  {
    name: 'sluice_accepted_rows_total',
    type: 'counter',
    help: 'Rows that exec() took.',
    samples: ({ figures, stagedRows }) => [{ value: figures.acceptedRows + stagedRows }],
  },
  {
    name: 'sluice_staged_rows',
    type: 'gauge',
    help: 'Rows in open blocks.',
    samples: ({ stagedRows }) => [{ value: stagedRows }],
  },
  {
    name: 'sluice_pending_rows',
    type: 'gauge',
    help: 'Rows in sealed blocks that wait to be sent or acknowledged.',
    samples: ({ figures }) => [{ value: figures.pendingRows }],
  },
  {
    name: 'sluice_pending_blocks',
    type: 'gauge',
    help: 'Sealed blocks that wait to be sent or acknowledged.',
    samples: ({ figures }) => [{ value: figures.pendingBlocks }],
  },
  {
    name: 'sluice_rows_total',
    type: 'counter',
    help: 'Rows by what became of them.',
    samples: ({ figures }) => FINAL_STATES.map((state) => ({ labels: { state }, value: figures.rows[state] })),
  },
  {
    name: 'sluice_blocks_total',
    type: 'counter',
    help: 'Blocks by what became of them.',
    samples: ({ figures }) => FINAL_STATES.map((state) => ({ labels: { state }, value: figures.blocks[state] })),
  },
  {
    name: 'sluice_acknowledged_bytes_total',
    type: 'counter',
    help: 'Bytes of acknowledged blocks, as sent.',
    samples: ({ figures }) => [{ value: figures.acknowledgedBytes }],
  },
  {
    name: 'sluice_retries_total',
    type: 'counter',
    help: 'Attempts beyond the first of a block, by what the one before ended with.',
    samples: ({ figures }) => [...figures.retries].map(([code, value]) => ({ labels: { code }, value })),
  },
  {
    name: 'sluice_waits_total',
    type: 'counter',
    help: 'How often exec() asked to wait for the server.',
    samples: ({ figures }) => [{ value: figures.waits }],
  },
  {
    name: 'sluice_wait_seconds_total',
    type: 'counter',
    help: 'How long these waits took, once they ended.',
    samples: ({ figures }) => [{ value: figures.waitedMs / 1000 }],
  },
  {
    name: 'sluice_insert_duration_seconds',
    type: 'histogram',
    help: 'Attempts to insert a block, failed ones too.',
    samples: ({ figures: { attempts, attemptsMs } }) => {
      let count = 0
      const buckets = attempts.map((more, i): Sample => {
        count += more
        return { suffix: '_bucket', labels: { le: String(DURATION_BOUNDS[i] ?? '+Inf') }, value: count }
      })
      return [...buckets, { suffix: '_sum', value: attemptsMs / 1000 }, { suffix: '_count', value: count }]
    },
  },
]

/** Two connections to one target have series of the same labels, which must be one. */
function print({ name, type, help, samples }: Family, tallies: readonly Tally[]): string {
  const series = new Map<string, number>()
  for (const tally of tallies) {
    for (const { labels, value, suffix = '' } of samples(tally)) {
      const key = `${name}${suffix}${printLabels({ target: tally.target, table: tally.table, ...labels })}`
      series.set(key, (series.get(key) ?? 0) + value)
    }
  }
  if (series.size === 0) return ''
  const lines = [...series].map(([key, value]) => `${key} ${value}\n`)
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`
}

function printLabels(labels: Readonly<Record<string, string>>): string {
  return `{${Object.entries(labels)
    .map(([name, value]) => `${name}="${escapeLabel(value)}"`)
    .join(',')}}`
}

function escapeLabel(value: string): string {
  return value.replace(/[\\"]/g, '\\$&').replace(/\n/g, '\\n')
}
