// VarUInt: base 128, low group first, bit 7 says that more follow.
//
//   0 ──▶ 00    127 ──▶ 7f    128 ──▶ 80 01    300 ──▶ ac 02    16384 ──▶ 80 80 01

/** Writes `value` at `out`; returns the first address after it (1 to 5 bytes on). */
// @ts-ignore: decorator
@inline
export function writeVarUInt(out: usize, value: u32): usize {
  while (value > 127) {
    store<u8>(out++, <u8>(value | 128));
    value >>>= 7;
  }
  store<u8>(out, <u8>value);
  return out + 1;
}
