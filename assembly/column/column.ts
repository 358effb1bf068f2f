// What whole columns need besides their bytes: placeholders under NULLs, values that are out of range, offsets that lead astray.

/** Zeros under every NULL: what stood there is nobody's value, and the same rows must give the same bytes. */
export function zeroNulls(values: usize, width: u32, nulls: usize, count: u32): void {
  for (let row: u32 = 0; row < count; row++) {
    if (load<u8>(nulls + row)) memory.fill(values + <usize>row * width, 0, width);
  }
}

/** Whether none of the `count` u32 places is in front of the one before it. */
export function ascends(places: usize, count: u32): bool {
  const last = places + (<usize>count << 2) - 4;
  let ascending = i32x4.splat(-1);
  for (; places + 16 <= last; places += 16) {
    const next = v128.load(places, 4);
    ascending = v128.and(ascending, i32x4.eq(i32x4.max_u(v128.load(places), next), next));
  }
  let faults = <u32>!i32x4.all_true(ascending);
  for (; places < last; places += 4) faults |= <u32>(load<u32>(places, 4) < load<u32>(places));
  return faults == 0;
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
