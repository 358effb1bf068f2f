// Nothing: the type of no value, as in Nullable(Nothing) and Array(Nothing). One byte a row, of which only NULLs have any.

import { FixedColumn, type StagingContext } from './column.ts'

/** What the server writes: the digit 0. */
const BYTE = 0x30

export class NothingColumn extends FixedColumn {
  #bytes: Uint8Array = new Uint8Array(0)
  constructor(context: StagingContext, type: string) {
    super(context, type, 1)
  }
  protected bind(): void {
    this.#bytes = this.context.arena.u8(this.ptr, this.capacity)
  }
  put(index: number, value: unknown): void {
    if (value === undefined) this.putMissing(index)
    else this.refuseType(index, value, 'no value at all')
  }
  putDefault(index: number): void {
    this.#bytes[index] = BYTE
  }
}
