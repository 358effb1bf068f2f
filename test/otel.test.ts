// With OpenTelemetry's own SDK; the names are held against its package of conventions.

import { setTimeout as sleep } from 'node:timers/promises'
import * as api from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import {
  AggregationTemporality,
  type DataPoint,
  type Histogram,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import * as conventions from '@opentelemetry/semantic-conventions'
import { DB_SYSTEM_NAME_VALUE_CLICKHOUSE } from '@opentelemetry/semantic-conventions/incubating'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { connect } from '../src/index.ts'
import { instrument } from '../src/otel.ts'
import { chapter, readRepositoryFile, tableRows, uncoded } from './docs/markdown.ts'
import { COLUMNS, gate, lyingStatement, range } from './statement/lying.ts'
import { exceptionReply } from './support/lying-server.ts'

const spans = new InMemorySpanExporter()
const metrics = new InMemoryMetricExporter(AggregationTemporality.DELTA)
const reader = new PeriodicExportingMetricReader({ exporter: metrics, exportIntervalMillis: 1_000_000 })
let off: () => void

beforeAll(() => {
  api.context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  api.trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] }))
  api.metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }))
})
afterAll(async () => {
  await reader.shutdown()
  api.trace.disable()
  api.metrics.disable()
  api.context.disable()
})
beforeEach(async () => {
  off = instrument(api)
  await reader.forceFlush() // what was measured so far is nobody's
  spans.reset()
  metrics.reset()
})
afterEach(() => off())

/** What was measured since the test began: name → points. */
async function measured(): Promise<Map<string, DataPoint<number | Histogram>[]>> {
  const all = await exported()
  return new Map(
    all.map(({ descriptor, dataPoints }) => [descriptor.name, dataPoints as DataPoint<number | Histogram>[]]),
  )
}

async function described() {
  return (await exported()).map(({ descriptor }) => descriptor)
}

async function exported() {
  await reader.forceFlush()
  return metrics.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics))
}

const TABLE = { 'db.system.name': 'clickhouse', 'db.namespace': 'default', 'db.collection.name': 'events' }

describe('a span per attempt', () => {
  it('is of kind CLIENT, named after operation and table, with what the conventions ask for', async () => {
    const { server, statement } = await lyingStatement({ blockSize: 3 })
    for (const n of range(4)) await statement.exec({ n })
    const { tokens } = await statement.commit()
    const [first, second] = spans.getFinishedSpans()
    expect(first).toMatchObject({ name: 'INSERT default.events', kind: api.SpanKind.CLIENT })
    expect(first!.status).toEqual({ code: api.SpanStatusCode.UNSET })
    expect(first!.attributes).toEqual({
      ...TABLE,
      'db.operation.name': 'INSERT',
      'db.query.summary': 'INSERT default.events',
      'db.operation.batch.size': 3,
      'server.address': '127.0.0.1',
      'server.port': server.port,
      'sluice.block.token': tokens[0],
      'sluice.block.rows': 3,
      'sluice.block.bytes': server.inserts[0]!.body.length,
      'sluice.attempt': 1,
      'sluice.query_id': `${tokens[0]}:1`,
    })
    expect(second!.attributes).not.toHaveProperty('db.operation.batch.size') // one row is no batch
    expect(second!.attributes).toMatchObject({ 'sluice.block.rows': 1 })
  })

  it('that failed says with what, without the words of the server', async () => {
    const { statement } = await lyingStatement({}, ({ index }) => {
      if (index === 0) return exceptionReply(252, 'TOO_MANY_PARTS', "Too many parts, row 'planted'")
      return index === 1 ? { close: 'before' } : undefined
    })
    await statement.exec({ n: 1, text: 'planted' })
    await statement.commit()
    const [refused, lost, good] = spans.getFinishedSpans()
    expect(refused!.status).toEqual({ code: api.SpanStatusCode.ERROR, message: 'Code 252 TOO_MANY_PARTS' })
    expect(refused!.attributes).toMatchObject({ 'error.type': '252', 'db.response.status_code': '252' })
    expect(lost!.attributes).toMatchObject({ 'error.type': 'CONNECTION_LOST', 'sluice.attempt': 2 })
    expect(lost!.attributes).not.toHaveProperty('db.response.status_code')
    expect(good!.attributes).not.toHaveProperty('error.type')
    expect(good!.status.code).toBe(api.SpanStatusCode.UNSET)
    const texts = spans
      .getFinishedSpans()
      .map(({ attributes, events, status, name }) => ({ attributes, events, status, name }))
    expect(JSON.stringify(texts)).not.toContain('planted')
  })

  it('is a child of the span around the exec() that filled the block, also behind others', async () => {
    const server = gate()
    const { statement } = await lyingStatement({ blockSize: 1, maxPendingBlocks: 8 }, server.wait)
    const tracer = api.trace.getTracer('application')
    const parents = range(4).map((n) =>
      tracer.startActiveSpan(`request ${n}`, (span) => {
        void statement.exec({ n })
        span.end()
        return span.spanContext().spanId
      }),
    )
    server.open()
    await statement.commit()
    const inserts = spans.getFinishedSpans().filter(({ name }) => name.startsWith('INSERT'))
    expect(inserts.map(({ parentSpanContext }) => parentSpanContext?.spanId)).toEqual(parents)
  })

  it('into a file has neither server nor database', async () => {
    const connection = await connect('file:/dev/null')
    const statement = await connection.prepare('events', { columns: COLUMNS })
    await statement.exec({ n: 1, text: '' })
    await statement.commit()
    await connection.close()
    const [span] = spans.getFinishedSpans()
    expect(span!.name).toBe('INSERT events')
    expect(Object.keys(span!.attributes).filter((name) => /^(server|db\.namespace)/.test(name))).toEqual([])
  })
})

describe('metrics', () => {
  it('time the attempts, by table, server and outcome', async () => {
    const { server, statement } = await lyingStatement({}, ({ index }) =>
      index === 0 ? exceptionReply(252, 'TOO_MANY_PARTS', 'no') : { delayMs: 20 },
    )
    await statement.exec({ n: 1 })
    await statement.commit()
    const points = (await measured()).get('db.client.operation.duration')!
    const common = {
      ...TABLE,
      'db.operation.name': 'INSERT',
      'db.query.summary': 'INSERT default.events',
      'server.address': '127.0.0.1',
      'server.port': server.port,
    }
    const [refused, good] = points as DataPoint<Histogram>[]
    expect(refused!.attributes).toEqual({ ...common, 'error.type': '252', 'db.response.status_code': '252' })
    expect(good!.attributes).toEqual(common)
    expect(good!.value.buckets.boundaries).toEqual([0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10])
    expect(good!.value.sum).toBeGreaterThan(0.015) // seconds
    expect(good!.value.sum).toBeLessThan(10)
  })

  it('count rows by state, retries and waits; nothing is pending in the end', async () => {
    const server = gate()
    const { statement } = await lyingStatement(
      { blockSize: 2, maxPendingBlocks: 1, retry: { attempts: 2 } },
      async ({ index }) => {
        await server.wait()
        if (index === 0) return exceptionReply(252, 'TOO_MANY_PARTS', 'no')
        return index === 1 ? undefined : exceptionReply(60, 'UNKNOWN_TABLE', 'no')
      },
    )
    for (const n of range(2)) void statement.exec({ n })
    const before = await measured()
    expect(before.get('sluice.blocks.pending')).toMatchObject([{ attributes: TABLE, value: 1 }])
    expect(before.get('sluice.waits')).toMatchObject([{ attributes: TABLE, value: 1 }])
    metrics.reset()
    await sleep(20)
    server.open()
    await statement.whenAcknowledged()
    for (const n of range(3)) void statement.exec({ n })
    await expect(statement.commit()).rejects.toThrow()
    const after = await measured()
    expect(after.get('sluice.rows')!.map(({ attributes, value }) => [attributes['sluice.state'], value])).toEqual([
      ['acknowledged', 2],
      ['rejected', 2],
    ])
    expect(after.get('sluice.retries')).toMatchObject([{ attributes: { ...TABLE, 'error.type': '252' }, value: 1 }])
    const [waited] = after.get('sluice.wait.duration') as DataPoint<Histogram>[]
    expect(waited!.value.sum).toBeGreaterThan(0.015) // seconds
    expect(waited!.value.sum).toBeLessThan(5)
    expect(after.get('sluice.blocks.pending')).toMatchObject([{ value: -1 }]) // since the reading before
  })

  it('a block that was pending before anybody listened is not subtracted', async () => {
    off()
    const server = gate()
    const { statement } = await lyingStatement({ blockSize: 1 }, server.wait)
    void statement.exec({ n: 1 })
    off = instrument(api)
    server.open()
    await statement.commit()
    expect((await measured()).get('sluice.blocks.pending') ?? []).toEqual([])
  })
})

it('the README lists every metric, with its kind and unit', async () => {
  const { statement } = await lyingStatement({ blockSize: 1, maxPendingBlocks: 1 }, ({ index }) =>
    index === 0 ? exceptionReply(252, 'TOO_MANY_PARTS', 'no') : undefined,
  )
  await statement.exec({ n: 1 })
  await statement.commit()
  const made = (await described()).map(({ name, unit }) => `${name} ${unit}`)
  const rows = tableRows(chapter(readRepositoryFile('README.md'), 'OpenTelemetry'))
  expect(rows.map(([name, , unit]) => `${uncoded(name!)} ${uncoded(unit!)}`).sort()).toEqual(made.sort())
})

it('ends when it is undone', async () => {
  off()
  const { statement } = await lyingStatement()
  await statement.exec({ n: 1 })
  await statement.commit()
  expect(spans.getFinishedSpans()).toEqual([])
  expect((await measured()).size).toBe(0)
})

it('names, and the buckets’ metric, are those of the conventions', async () => {
  const { statement } = await lyingStatement({ retry: { attempts: 1 } }, () =>
    exceptionReply(60, 'UNKNOWN_TABLE', 'no'),
  )
  for (const n of range(2)) void statement.exec({ n })
  await expect(statement.commit()).rejects.toThrow()
  const known = new Set<unknown>(Object.values(conventions))
  const [span] = spans.getFinishedSpans()
  const names = Object.keys(span!.attributes).filter((name) => !name.startsWith('sluice.'))
  expect(names.length).toBe(10)
  expect(names.filter((name) => !known.has(name))).toEqual([])
  expect(span!.attributes[conventions.ATTR_DB_SYSTEM_NAME]).toBe(DB_SYSTEM_NAME_VALUE_CLICKHOUSE)
  const standard = [...(await measured()).keys()].filter((name) => !name.startsWith('sluice.'))
  expect(standard).toEqual([conventions.METRIC_DB_CLIENT_OPERATION_DURATION])
})
