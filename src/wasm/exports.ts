// What assembly/index.ts exports, as TypeScript sees it. Addresses and lengths are unsigned 32-bit; a call may return them
// as negative numbers, so `>>> 0` stands wherever one is read.
export interface CoreExports {
  readonly memory: WebAssembly.Memory
  reserve(byteLength: number): number
  arenaTop(): number
  releaseTo(mark: number): void

  // column/string
  textBound(count: number, byteLength: number): number
  writeMixedText(
    body: number,
    end: number,
    ends: number,
    text: number,
    others: number,
    otherEnds: number,
    count: number,
  ): number
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

  // column/: whole columns. Of texts, see assembly/column/uuid.ts for what goes in and out
  parseUuids(out: number, text: number, offsets: number, row: number, count: number, nulls: number): number
  parseIPv4s(out: number, text: number, offsets: number, row: number, count: number, nulls: number): number
  parseIPv6s(out: number, text: number, offsets: number, row: number, count: number, nulls: number): number
  parseDates(out: number, text: number, offsets: number, row: number, count: number, nulls: number): number
  parseDate32s(
    out: number,
    text: number,
    offsets: number,
    row: number,
    count: number,
    nulls: number,
    first: number,
    last: number,
  ): number
  parseDateTimes(out: number, text: number, offsets: number, row: number, count: number, nulls: number): number
  parseDateTime64s(
    out: number,
    text: number,
    offsets: number,
    row: number,
    count: number,
    nulls: number,
    scale: number,
  ): number
  parseDecimals(
    out: number,
    text: number,
    offsets: number,
    row: number,
    count: number,
    nulls: number,
    width: number,
    precision: number,
    scale: number,
  ): number
  parseIntegers(
    out: number,
    text: number,
    offsets: number,
    row: number,
    count: number,
    nulls: number,
    width: number,
    isSigned: boolean,
  ): number
  padStrings(
    out: number,
    text: number,
    offsets: number,
    row: number,
    count: number,
    nulls: number,
    width: number,
  ): number
  writeTexts(
    body: number,
    end: number,
    ends: number,
    text: number,
    offsets: number,
    count: number,
    nulls: number,
  ): number
  ascends(places: number, count: number): boolean
  zeroNulls(values: number, width: number, nulls: number, count: number): void
  findOutside32(values: number, row: number, count: number, least: number, most: number): number
  findOutside64(values: number, row: number, count: number, bounds: number): number
  flushStrips(regions: number, count: number, row: number, rowCount: number): void
  // checksum/
  cityHash128(ptr: number, byteLength: number, result: number): void
  hashBegin(): void
  hashAdd(ptr: number, byteLength: number): void
  hashEnd(result: number): void
  // compress/
  frameBytes(ptr: number, byteLength: number, method: number, scratch: number, out: number): number
  framesBound(byteLength: number): number
  frameScratchBytes(): number
  unframe(frame: number, byteLength: number, out: number, limit: number): number
  lz4Compress(src: number, byteLength: number, out: number, limit: number, table: number): number
  lz4Decompress(src: number, byteLength: number, out: number, limit: number): number
}
