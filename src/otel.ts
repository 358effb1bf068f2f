// `sluice/otel`: spans and metrics by OpenTelemetry's conventions for databases, out of the channels that everybody may listen to.
// The caller hands over the API that its own SDK has filled, so nothing here depends on a package.
// https://opentelemetry.io/docs/specs/semconv/database/

import type { Channel, ChannelListener } from 'node:diagnostics_channel'
import type * as otel from '@opentelemetry/api'
import {
  type BlockMessage,
  channels,
  type DrainMessage,
  type Failure,
  type InsertMessage,
  type RetryMessage,
  type SettledMessage,
  type WaitMessage,
} from './engine/channels.ts'

/** What of `@opentelemetry/api` is used. */
export type OpenTelemetryApi = Pick<typeof otel, 'trace' | 'metrics' | 'SpanKind' | 'SpanStatusCode'>

/** What the conventions say for `db.client.operation.duration`, in seconds. */
const DURATION_BOUNDS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10]

/**
 * Makes a span and a measurement of every attempt to insert a block, and counts rows, retries and waits, of all connections of the process
 * from now on. None of it holds row values, SQL or credentials.
 *
 *   import * as api from '@opentelemetry/api'
 *   import { instrument } from 'sluice/otel'
 *   instrument(api) // once, after the SDK was started
 *
 * @returns what undoes it
 */
export function instrument(api: OpenTelemetryApi): () => void {
  return all(traceInserts(api), measureBlocks(api.metrics.getMeter('sluice')))
}

/** A span of kind CLIENT per attempt, in the context of the exec() that filled the block. */
function traceInserts({ trace, metrics, SpanKind, SpanStatusCode }: OpenTelemetryApi): () => void {
  const tracer = trace.getTracer('sluice')
  const duration = metrics.getMeter('sluice').createHistogram('db.client.operation.duration', {
    description: 'Duration of database client operations.',
    unit: 's',
    advice: { explicitBucketBoundaries: DURATION_BOUNDS },
  })
  const open = new WeakMap<InsertMessage, { span: otel.Span; began: number; attributes: otel.Attributes }>()

  const start = (message: InsertMessage) => {
    const attributes = insertAttributes(message)
    const span = tracer.startSpan(String(attributes['db.query.summary']), {
      kind: SpanKind.CLIENT,
      attributes: { ...attributes, ...blockAttributes(message) },
    })
    open.set(message, { span, began: performance.now(), attributes })
  }
  const asyncEnd = (message: InsertMessage) => {
    const found = open.get(message)
    if (found === undefined) return // it began before anybody listened
    const { span, began, attributes } = found
    const { error } = message
    const outcome = error === undefined ? {} : errorAttributes(error)
    if (error !== undefined) {
      span.setAttributes(outcome)
      span.setStatus({ code: SpanStatusCode.ERROR, message: error.message })
    }
    span.end()
    duration.record((performance.now() - began) / 1000, { ...attributes, ...outcome })
  }
  return all(listen(channels.insert.start, start), listen(channels.insert.asyncEnd, asyncEnd))
}

function measureBlocks(meter: otel.Meter): () => void {
  const rows = meter.createCounter('sluice.rows', { description: 'Rows by what became of them.', unit: '{row}' })
  const pendingBlocks = meter.createUpDownCounter('sluice.blocks.pending', {
    description: 'Sealed blocks that wait to be sent or acknowledged.',
    unit: '{block}',
  })
  const retries = meter.createCounter('sluice.retries', {
    description: 'Attempts beyond the first of a block, by what the one before ended with.',
    unit: '{attempt}',
  })
  const waits = meter.createCounter('sluice.waits', {
    description: 'How often exec() asked to wait for the server.',
    unit: '{wait}',
  })
  const waited = meter.createHistogram('sluice.wait.duration', {
    description: 'How long these waits took.',
    unit: 's',
    advice: { explicitBucketBoundaries: DURATION_BOUNDS },
  })
  /** Those that were not pending before anybody listened. */
  const pending = new Set<string>()

  return all(
    listen(channels.sealed, (message: BlockMessage) => {
      if (pending.has(message.token)) return
      pending.add(message.token)
      pendingBlocks.add(1, tableAttributes(message))
    }),
    listen(channels.settled, (message: SettledMessage) => {
      const attributes = tableAttributes(message)
      if (pending.delete(message.token)) pendingBlocks.add(-1, attributes)
      // The rows of a block that was cut live on in its pieces.
      if (message.state !== 'recut') rows.add(message.rowCount, { ...attributes, 'sluice.state': message.state })
    }),
    listen(channels.retry, (message: RetryMessage) => {
      retries.add(1, { ...tableAttributes(message), ...errorAttributes(message.error) })
    }),
    listen(channels.wait, (message: WaitMessage) => waits.add(1, tableAttributes(message))),
    listen(channels.drain, (message: DrainMessage) => {
      waited.record(message.waitedMs / 1000, tableAttributes(message))
    }),
  )
}

function listen<T>(channel: Channel<unknown, T>, listener: (message: T) => void): () => void {
  const listens = listener as ChannelListener
  channel.subscribe(listens)
  return () => void channel.unsubscribe(listens)
}

function all(...undo: readonly (() => void)[]): () => void {
  return () => {
    for (const off of undo) off()
  }
}

function tableAttributes({ database, table }: { database: string; table: string }): otel.Attributes {
  return {
    'db.system.name': 'clickhouse',
    'db.collection.name': table,
    ...(database !== '' && { 'db.namespace': database }),
  }
}

function insertAttributes(message: InsertMessage): otel.Attributes {
  const { database, table, host } = message
  return {
    ...tableAttributes(message),
    'db.operation.name': 'INSERT',
    'db.query.summary': `INSERT ${database === '' ? table : `${database}.${table}`}`,
    ...serverAttributes(host),
  }
}

/** Too many different values for a metric. By the conventions a batch of one is none. */
function blockAttributes({ token, rowCount, bytes, attempts, queryId }: InsertMessage): otel.Attributes {
  return {
    ...(rowCount > 1 && { 'db.operation.batch.size': rowCount }),
    'sluice.block.token': token,
    'sluice.block.rows': rowCount,
    'sluice.block.bytes': bytes,
    'sluice.attempt': attempts,
    'sluice.query_id': queryId,
  }
}

/** Of a host and port only: an engine in the process and a file are no servers. */
function serverAttributes(host = ''): otel.Attributes {
  const [, address, port] = /^\[?([^[\]/]+)\]?:(\d+)$/.exec(host) ?? []
  return address === undefined ? {} : { 'server.address': address, 'server.port': Number(port) }
}

function errorAttributes({ serverCode, code }: Failure): otel.Attributes {
  if (serverCode === undefined) return { 'error.type': code }
  return { 'error.type': String(serverCode), 'db.response.status_code': String(serverCode) }
}
