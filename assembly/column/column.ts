// What whole columns need besides their bytes: placeholders under NULLs, and values that are out of range.

/** Zeros under every NULL: what stood there is nobody's value, and the same rows must give the same bytes. */
export function zeroNulls(values: usize, width: u32, nulls: usize, count: u32): void {
  for (let row: u32 = 0; row < count; row++) {
    if (load<u8>(nulls + row)) memory.fill(values + <usize>row * width, 0, width);
  }
}

/** The first of the i32 values from `row` on that lies outside of `least`..`most`, or `count`. */
export function findOutside32(values: usize, row: u32, count: u32, least: i32, most: i32): u32 {
  for (; row < count; row++) {
    const value = load<i32>(values + (<usize>row << 2));
    if (value < least || value > most) return row;
  }
  return count;
}

/** The same of i64 values; the bounds are the two i64 at `bounds`. */
export function findOutside64(values: usize, row: u32, count: u32, bounds: usize): u32 {
  const least = load<i64>(bounds);
  const most = load<i64>(bounds, 8);
  for (; row < count; row++) {
    const value = load<i64>(values + (<usize>row << 3));
    if (value < least || value > most) return row;
  }
  return count;
}
