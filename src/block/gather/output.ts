/** Bytes in the making; where the room given at first is too small, they go on in memory of their own. */
export class Output {
  bytes: Buffer
  at = 0

  constructor(room: Buffer = Buffer.allocUnsafeSlow(4096)) {
    this.bytes = room
  }

  /** Makes room for so many bytes more. */
  reserve(byteLength: number): void {
    const needed = this.at + byteLength
    if (needed <= this.bytes.length) return
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.bytes.length * 2))
    grown.set(this.bytes.subarray(0, this.at))
    this.bytes = grown
  }

  push(bytes: Uint8Array): void {
    this.reserve(bytes.length)
    this.bytes.set(bytes, this.at)
    this.at += bytes.length
  }

  uint64(value: number): void {
    this.reserve(8)
    this.bytes.writeUInt32LE(value % 0x1_0000_0000, this.at)
    this.bytes.writeUInt32LE(Math.floor(value / 0x1_0000_0000), this.at + 4)
    this.at += 8
  }

  /** A copy of what was written, in memory of its own. */
  toBytes(): Uint8Array {
    return new Uint8Array(this.bytes.subarray(0, this.at))
  }

  /** Bytes from..to of `source`. */
  copy(source: Buffer, from: number, to: number): void {
    const byteLength = to - from
    this.reserve(byteLength)
    // A call and a view cost as much as some sixty bytes one by one.
    if (byteLength > SHORT_BYTES) this.bytes.set(source.subarray(from, to), this.at)
    else for (let i = 0; i < byteLength; i++) this.bytes[this.at + i] = source[from + i]!
    this.at += byteLength
  }
}

const SHORT_BYTES = 64
