import type { TypeNode } from '../../types/node.ts'
import { ByteReader } from './bytes.ts'
import { openColumn } from './column.ts'

/**
 * The first values of a column, as bytes: a column of its own, which the decoder reads. So what a walk over a long column
 * shows of it is decoded by the one decoder, and its memory is that of a few values.
 */
export class Head {
  readonly rowCount: number
  readonly #byteLengthMax: number
  #bytes = Buffer.allocUnsafe(256)
  #byteLength = 0

  /** @param byteLengthMax  a head that gets longer is empty, and says so */
  constructor(rowCount: number, byteLengthMax: number) {
    this.rowCount = rowCount
    this.#byteLengthMax = byteLengthMax
  }

  get byteLength(): number {
    return this.isTooLong ? 0 : this.#byteLength
  }

  get isTooLong(): boolean {
    return this.#byteLength > this.#byteLengthMax
  }

  push(bytes: Uint8Array): void {
    const at = this.#byteLength
    this.#byteLength += bytes.length
    if (this.isTooLong) {
      this.#bytes = Buffer.alloc(0)
      return
    }
    if (this.#byteLength > this.#bytes.length) {
      const grown = Buffer.allocUnsafe(Math.max(this.#byteLength, this.#bytes.length * 2))
      grown.set(this.#bytes.subarray(0, at))
      this.#bytes = grown
    }
    this.#bytes.set(bytes, at)
  }

  varint(value: number): void {
    this.push(varintBytes(value))
  }

  uint64(value: number): void {
    const bytes = Buffer.allocUnsafe(8)
    bytes.writeUInt32LE(value % 0x1_0000_0000, 0)
    bytes.writeUInt32LE(Math.floor(value / 0x1_0000_0000), 4)
    this.push(bytes)
  }

  text(text: string): void {
    this.push(textBytes(text))
  }

  /** @throws {EngineError} BAD_BLOCK: the walk ended before it had them all, or their bytes are no values of the type. */
  values(node: TypeNode): unknown[] {
    const reader = new ByteReader(this.#bytes.subarray(0, this.byteLength))
    return openColumn(reader, node)(this.rowCount)
  }
}

/** A text after its length. */
export function textBytes(text: string): Buffer {
  const bytes = Buffer.from(text)
  return Buffer.concat([varintBytes(bytes.length), bytes])
}

function varintBytes(value: number): Uint8Array {
  const bytes: number[] = []
  let rest = value
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128)
  return Uint8Array.from([...bytes, rest])
}
