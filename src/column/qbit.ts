// QBit(T, N): vectors of N elements, kept bit by bit, so that a search can read fewer bits than there are.
//
//   for each group of `stride` elements (one group where the type names no stride), for each bit of T from the highest:
//   a plane of ceil(stride / 8) bytes a row; element i of the group is bit i % 8 of byte (last - i / 8)
//
//   QBit(BFloat16, 3)   [1, 2, 3] = 3f80 4000 4040 ──▶ 00 06 01 01 01 01 01 01 01 04 00 00 00 00 00 00
//
// The planes are staged where they will be read from, each with room for all rows.

import type { Pieces } from '../wasm/pieces.ts'
import { FixedColumn, type StagedColumn, type StagingContext } from './column.ts'

/** Planes a power of two apart would push each other out of the cache: a vector of 128 Float32 took 5 instead of 1.5 us. */
const PLANE_GAP = 64

export class QBitColumn extends FixedColumn {
  /** Checks the elements of one vector, and makes bytes of them. */
  readonly #element: FixedColumn
  readonly #dimension: number
  readonly #groups: number
  readonly #planeBytes: number
  readonly #planeCount: number
  /** From a plane to the next. */
  #planeStep = 0
  #planes: Uint8Array = new Uint8Array(0)
  #elements: Uint8Array = new Uint8Array(0)
  #staging = 0

  constructor(context: StagingContext, type: string, element: FixedColumn, dimension: number, stride = dimension) {
    const planeBytes = Math.ceil(stride / 8)
    const groups = dimension / stride
    super(context, type, groups * element.width * 8 * planeBytes)
    this.#element = element
    this.#dimension = dimension
    this.#groups = groups
    this.#planeBytes = planeBytes
    this.#planeCount = groups * element.width * 8
    element.parent = this
    element.ensure(groups * planeBytes * 8)
    context.arena.u8(element.ptr, groups * planeBytes * 8 * element.width).fill(0) // bits behind the last element
    this.bind()
  }
  override get holdsElements(): boolean {
    return true
  }
  protected override locateChild(_child: StagedColumn, index: number): string {
    return `${this.locate(this.#staging)}[${index}]`
  }
  protected bind(): void {
    const { arena } = this.context
    this.#planes = arena.u8(this.ptr, this.#planeCount * this.#planeStep)
    this.#elements = arena.u8(this.#element.ptr, this.#groups * this.#planeBytes * 8 * this.#element.width)
  }
  put(index: number, value: unknown): void {
    if (!Array.isArray(value) && !(ArrayBuffer.isView(value) && !(value instanceof DataView))) {
      if (value === undefined) this.putMissing(index)
      else this.refuseType(index, value, 'an array or a typed array')
      return
    }
    const vector = value as ArrayLike<unknown>
    const element = this.#element
    const dimension = this.#dimension
    if (vector.length !== dimension) {
      this.refuse('WRONG_ARITY', index, value, `${vector.length} elements for a vector of ${dimension}`)
    }
    this.#staging = index
    for (let i = 0; i < dimension; i++) element.put(i, vector[i])
    this.#transpose(index)
  }

  /** Spreads the bits of the elements over the planes: eight elements give one byte to each. */
  #transpose(index: number): void {
    const [planes, elements, planeBytes] = [this.#planes, this.#elements, this.#planeBytes]
    const { width } = this.#element
    const planeStep = this.#planeStep
    const groupStep = planeStep * width * 8
    for (let group = 0, from = 0; group < this.#groups; group++) {
      for (let byteInPlane = planeBytes - 1; byteInPlane >= 0; byteInPlane--, from += width * 8) {
        let to = group * groupStep + index * planeBytes + byteInPlane
        for (let at = from + width - 1; at >= from; at--) {
          // Bytes of eight elements; afterwards bit j of byte t is bit t of element j.
          let low =
            elements[at] |
            (elements[at + width] << 8) |
            (elements[at + 2 * width] << 16) |
            (elements[at + 3 * width] << 24)
          let high =
            elements[at + 4 * width] |
            (elements[at + 5 * width] << 8) |
            (elements[at + 6 * width] << 16) |
            (elements[at + 7 * width] << 24)
          let swap = (low ^ (low >>> 7)) & 0x00aa00aa
          low ^= swap ^ (swap << 7)
          swap = (high ^ (high >>> 7)) & 0x00aa00aa
          high ^= swap ^ (swap << 7)
          swap = (low ^ (low >>> 14)) & 0x0000cccc
          low ^= swap ^ (swap << 14)
          swap = (high ^ (high >>> 14)) & 0x0000cccc
          high ^= swap ^ (swap << 14)
          swap = (low ^ (high << 4)) & 0xf0f0f0f0
          low ^= swap
          high ^= swap >>> 4
          planes[to] = high >>> 24
          planes[to + planeStep] = high >>> 16
          planes[to + planeStep * 2] = high >>> 8
          planes[to + planeStep * 3] = high
          planes[to + planeStep * 4] = low >>> 24
          planes[to + planeStep * 5] = low >>> 16
          planes[to + planeStep * 6] = low >>> 8
          planes[to + planeStep * 7] = low
          to += planeStep * 8
        }
      }
    }
  }
  putDefault(index: number): void {
    const from = index * this.#planeBytes
    for (let plane = 0; plane < this.#planeCount; plane++) {
      const at = plane * this.#planeStep + from
      this.#planes.fill(0, at, at + this.#planeBytes)
    }
  }
  override ensure(count: number): void {
    if (count <= this.capacity) return
    const { arena } = this.context
    const [ptr, step, byteLength] = [this.ptr, this.#planeStep, this.capacity * this.#planeBytes]
    const capacity = this.parent ? Math.max(count, this.capacity * 2) : count
    const planeStep = capacity * this.#planeBytes + PLANE_GAP
    this.ptr = arena.reserve(this.#planeCount * planeStep)
    this.capacity = capacity
    this.#planeStep = planeStep
    for (let plane = 0; plane < this.#planeCount; plane++) {
      arena.move(this.ptr + plane * planeStep, ptr + plane * step, byteLength)
    }
    this.bind()
  }
  override data(pieces: Pieces, count: number): void {
    for (let plane = 0; plane < this.#planeCount; plane++) {
      pieces.add(this.ptr + plane * this.#planeStep, count * this.#planeBytes)
    }
  }
}
