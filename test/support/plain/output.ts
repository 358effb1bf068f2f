// Bytes that grow: what every plain column writes to.

const utf8 = new TextEncoder()

export class Output {
  #bytes = new Uint8Array(1024)
  #length = 0
  /** Over the bytes as they lie now; new after every reserve(). */
  view = new DataView(this.#bytes.buffer)

  /** Room for so many more bytes, all 0; returns where they begin. */
  reserve(byteLength: number): number {
    const start = this.#length
    const end = start + byteLength
    if (end > this.#bytes.length) {
      const grown = new Uint8Array(end * 2)
      grown.set(this.#bytes)
      this.#bytes = grown
      this.view = new DataView(grown.buffer)
    }
    this.#length = end
    return start
  }

  /** An unsigned integer of 1, 2, 4 or 8 bytes. */
  uint(byteLength: number, value: number): void {
    const at = this.reserve(byteLength)
    if (byteLength === 1) this.view.setUint8(at, value)
    else if (byteLength === 2) this.view.setUint16(at, value, true)
    else if (byteLength === 4) this.view.setUint32(at, value, true)
    else this.view.setBigUint64(at, BigInt(value), true)
  }
  raw(bytes: Uint8Array): void {
    const start = this.reserve(bytes.length)
    this.#bytes.set(bytes, start)
  }
  /** Seven bits a byte, the lowest first; the highest bit says that more follow. */
  varUInt(value: number): void {
    let rest = value
    for (; rest > 127; rest = Math.floor(rest / 128)) this.uint(1, (rest % 128) + 128)
    this.uint(1, rest)
  }
  /** A String value: its byte length, then the bytes. */
  text(value: string | Uint8Array): void {
    const bytes = typeof value === 'string' ? utf8.encode(value) : value
    this.varUInt(bytes.length)
    this.raw(bytes)
  }

  bytes(): Uint8Array {
    return this.#bytes.slice(0, this.#length)
  }
  /** Forgets everything; what was written is read as 0 again. */
  clear(): void {
    this.#bytes.fill(0, 0, this.#length)
    this.#length = 0
  }
}
