/** VarUInt of a number below 2^31: seven bits a byte, the lowest first. */
export function varUInt(value: number): Buffer {
  const bytes: number[] = []
  let rest = value
  while (rest > 127) {
    bytes.push((rest & 127) | 128)
    rest >>>= 7
  }
  return Buffer.from([...bytes, rest])
}

/** A name as it stands in a block. */
export function withLength(text: string): Buffer {
  const bytes = Buffer.from(text)
  return Buffer.concat([varUInt(bytes.byteLength), bytes])
}
