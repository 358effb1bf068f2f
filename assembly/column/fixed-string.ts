// FixedString(N) column out of texts: the bytes, padded with zeros on the right.
//
//   FixedString(4)   'ab', 'abcd' ──▶ 61 62 00 00   61 62 63 64
//
// For in, out and what is returned see uuid.ts. Longer texts are left to put(), which refuses them.

export function padStrings(
  out: usize, text: usize, offsets: usize, row: u32, count: u32, nulls: usize, width: u32,
): u32 {
  for (; row < count; row++) {
    const to = out + <usize>row * width;
    const start = load<u32>(offsets + (<usize>row << 2));
    const isNull = nulls ? load<u8>(nulls + row) : 0;
    const byteLength: u32 = isNull ? 0 : load<u32>(offsets + (<usize>row << 2) + 4) - start;
    if (byteLength > width) return row;
    memory.copy(to, text + start, byteLength);
    memory.fill(to + byteLength, 0, width - byteLength);
  }
  return count;
}
