// LowCardinality column: a dictionary of the distinct values, then one index a row.
//
//   ┌───────────────┬──────────┬──────┬─────────────┬─────────┐
//   │ u64 flags     │ u64 keys │ keys │ u64 indexes │ indexes │     flags = 0x600 | index width (0: u8, 1: u16, 2: u32)
//   └───────────────┴──────────┴──────┴─────────────┴─────────┘
//
//   key 0 is the default value of T (Nullable: key 0 is NULL, key 1 the default), then values by first appearance: the order
//   in which the server itself writes them.
//
// The keys and the two counts are pieces of the block by themselves; here indexes are made and narrowed.

/** u32 words a hash table for up to `count` keys needs; a power of two, at most half full. */
export function dictionaryTableWords(count: u32): u32 {
  let words: u32 = 64;
  while (words < count * 2) words <<= 1;
  return words;
}

// @ts-ignore: decorator
@inline
function mix(hash: u64, word: u64): u64 {
  hash = (hash ^ word) * 0x9e3779b97f4a7c15;
  return hash ^ (hash >> 29);
}

function hashValue(value: usize, width: u32): u32 {
  let hash: u64 = 0;
  const whole = value + (width & ~7);
  while (value < whole) {
    hash = mix(hash, load<u64>(value));
    value += 8;
  }
  let tail: u64 = 0;
  for (let i: u32 = 0; i < (width & 7); i++) tail |= <u64>load<u8>(value + i) << (i << 3);
  return <u32>(mix(hash, tail) >> 32);
}

/**
 * Builds the dictionary of `count` values of `width` bytes each.
 *
 * in    values   u8[count * width]
 *       nulls    u8[count], 1 = NULL; address 0 when the type is not Nullable
 *       table    u32[tableWords] scratch, a power of two from dictionaryTableWords()
 * out   keys     u8[(count + 2) * width]
 *       indexes  u32[count]
 * Returns the number of keys.
 */
export function buildDictionary(
  values: usize, count: u32, width: u32, nulls: usize, table: usize, tableWords: u32, keys: usize, indexes: usize,
): u32 {
  memory.fill(table, 0, <usize>tableWords << 2);
  const mask = tableWords - 1;
  const first: u32 = nulls ? 1 : 0;
  memory.fill(keys, 0, (first + 1) * width);
  // The default value's slot; a table word holds the key's number + 1.
  store<u32>(table + (<usize>(hashValue(keys, width) & mask) << 2), first + 1);
  let keyCount = first + 1;
  for (let row: u32 = 0; row < count; row++) {
    const out = indexes + (<usize>row << 2);
    if (nulls && load<u8>(nulls + row)) {
      store<u32>(out, 0);
      continue;
    }
    const value = values + <usize>row * width;
    let slot = hashValue(value, width) & mask;
    while (true) {
      const entry = load<u32>(table + (<usize>slot << 2));
      if (entry == 0) {
        memory.copy(keys + <usize>keyCount * width, value, width);
        store<u32>(out, keyCount);
        store<u32>(table + (<usize>slot << 2), ++keyCount);
        break;
      }
      if (memory.compare(keys + <usize>(entry - 1) * width, value, width) == 0) {
        store<u32>(out, entry - 1);
        break;
      }
      slot = (slot + 1) & mask;
    }
  }
  return keyCount;
}

/**
 * Narrows `count` u32 indexes to `1 << widthLog2` bytes each, in place or to another region.
 * With `nulls` the dictionary gets a NULL in front: every index moves up by one, and is 0 where nulls[row] is 1.
 */
export function narrowIndexes(out: usize, indexes: usize, count: u32, widthLog2: u32, nulls: usize): void {
  for (let row: u32 = 0; row < count; row++) {
    let index = load<u32>(indexes + (<usize>row << 2));
    if (nulls) index = load<u8>(nulls + row) ? 0 : index + 1;
    if (widthLog2 == 0) store<u8>(out + row, <u8>index);
    else if (widthLog2 == 1) store<u16>(out + (<usize>row << 1), <u16>index);
    else store<u32>(out + (<usize>row << 2), index);
  }
}
