import type { Column } from '../types/node.ts'
import type { BlockBuilder, BuilderOptions } from './builder.ts'
import { NativeBuilder } from './native-builder.ts'

/** Idle builders by shape: the memory of a statement outlives it for a while, for the next one of the same shape. */
const idle = new Map<string, { builder: NativeBuilder; since: number }[]>()
const IDLE_PER_SHAPE = 2
const IDLE_SHAPES = 8
/** A builder that grew beyond this is dropped instead. */
const IDLE_BYTES_MAX = 32 * 1024 * 1024
/** Nobody wanted it for so long: then nobody will soon. */
const IDLE_MS = 5_000
let sweeping: NodeJS.Timeout | undefined

/**
 * A builder for these columns, fresh or one that an earlier statement of the same shape gave back.
 *
 * @throws {SchemaError} UNKNOWN_TYPE, BAD_TYPE, UNSUPPORTED_TYPE, naming the column
 */
export function createBuilder(columns: readonly Column[], options: BuilderOptions): BlockBuilder {
  const shape = JSON.stringify([columns, options])
  const found = idle.get(shape)?.pop()
  return found?.builder.revive() ?? new NativeBuilder(columns, options, (builder) => keep(shape, builder))
}

function keep(shape: string, builder: NativeBuilder): void {
  const builders = idle.get(shape) ?? []
  if (builder.memoryBytes > IDLE_BYTES_MAX || builders.length >= IDLE_PER_SHAPE) return
  builders.push({ builder, since: performance.now() })
  idle.delete(shape)
  idle.set(shape, builders)
  if (idle.size > IDLE_SHAPES) idle.delete(idle.keys().next().value!)
  if (sweeping === undefined) sweeping = setTimeout(sweep, IDLE_MS).unref()
}

function sweep(): void {
  const oldest = performance.now() - IDLE_MS
  for (const [shape, builders] of idle) {
    const young = builders.filter(({ since }) => since > oldest)
    if (young.length === 0) idle.delete(shape)
    else idle.set(shape, young)
  }
  sweeping = idle.size === 0 ? undefined : setTimeout(sweep, IDLE_MS).unref()
}
