// What assembly/index.ts exports, as TypeScript sees it. Addresses and lengths are unsigned 32-bit; a call may return them
// as negative numbers, so `>>> 0` stands wherever one is read.
export interface CoreExports {
  readonly memory: WebAssembly.Memory
  reserve(byteLength: number): number
  arenaTop(): number
  releaseTo(mark: number): void

  // column/string
  textBound(count: number, byteLength: number): number
  writeLatin1Text(body: number, end: number, ends: number, text: number, byteLength: number, count: number): number
  writeUtf8Text(body: number, end: number, ends: number, text: number, textEnd: number, count: number): number

  // column/low-cardinality
  dictionaryTableWords(count: number): number
  buildDictionary(
    values: number,
    count: number,
    width: number,
    nulls: number,
    table: number,
    tableWords: number,
    keys: number,
    indexes: number,
  ): number
  narrowIndexes(out: number, indexes: number, count: number, widthLog2: number, nulls: number): void
  // checksum/
  cityHash128(ptr: number, byteLength: number, result: number): void
  hashPieces(list: number, count: number, result: number): void
  hashBegin(): void
  hashAdd(ptr: number, byteLength: number): void
  hashEnd(result: number): void
  // compress/
  framePieces(list: number, count: number, method: number, scratch: number, out: number): number
  framesBound(byteLength: number): number
  frameScratchBytes(): number
  unframe(frame: number, byteLength: number, out: number, limit: number): number
  lz4Compress(src: number, byteLength: number, out: number, limit: number, table: number): number
  lz4Decompress(src: number, byteLength: number, out: number, limit: number): number
}
