/** A block after sealing. Nothing in it ever changes again: a retry sends these bytes under this token. */
export interface SealedBytes {
  /** The Native block. Owned by the receiver until it calls `release`. */
  readonly bytes: Uint8Array
  readonly rowCount: number
  /** 64 bits over the uncompressed Native block, as 16 hex digits: the last part of the token. */
  readonly hash: string
  /** Columns of the INSERT's list: those in this block, and those that the DEFAULTs of this block may refer to. */
  readonly columnNames: readonly string[]
  /** Where each column of the block begins in `bytes`. */
  readonly columnOffsets: readonly number[]
  /** True when a column travels as Nullable(T) so that NULL takes the DEFAULT: the insert needs input_format_null_as_default=1. */
  readonly nullsAsDefault: boolean
  /** Gives the buffer back for reuse; call once, when the block is acknowledged and nobody will send it again. */
  release(): void
}
