// CityHash128 of release 1.0.2: the checksum ClickHouse puts in front of every compressed frame. Later releases of CityHash
// changed the function; only this one is understood by the server.
//
//   length   0..7      8..15            16..143                       144..
//            seed      seed             ┌ seed ┬─ murmur ─────────┐   ┌ seed ┬ 128 ┬ 128 ┬ … ┬─ tail, < 128 ─┐
//            k0, k1    from both ends   │  16  │ rest, 16 a round │   │  16  │   two rounds of 64  │  32 a round,  │
//                                       └──────┴──────────────────┘   └──────┴─────┴─────┴───┴── from the end ┘
//
// in    ptr     u8[byteLength]
// out   result  u64 low, u64 high: the 16 bytes as they stand in a frame
//
// Products are 64 x 64 bits of which the low half is kept. The rounds over 128 bytes of the original are one loop of 64
// here, since both halves do the same; x and z change places after each.
// Checked against frames the engine wrote for every length class (test/vectors/cityhash.json).

const K0: u64 = 0xc3a5c85c97cb3127;
const K1: u64 = 0xb492b66fbe98f273;
const K2: u64 = 0x9ae16a3b2f90404f;
const K3: u64 = 0xc949d7c7509e6557;
const K_MUL: u64 = 0x9ddfea08eb382d69;

// The second word of the pair mix32 returns: AssemblyScript functions return one value. As fast as writing it out twice.
let second: u64 = 0;

/** Writes the 16 bytes of CityHash128 of `byteLength` bytes at `ptr` to `result`. Cannot fail. */
export function cityHash128(ptr: usize, byteLength: u32, result: usize): void {
  if (byteLength >= 144) {
    hashLong(ptr + 16, byteLength - 16, load<u64>(ptr) ^ K3, load<u64>(ptr, 8), result);
  } else if (byteLength >= 16) {
    hashMedium(ptr + 16, byteLength - 16, load<u64>(ptr) ^ K3, load<u64>(ptr, 8), result);
  } else if (byteLength >= 8) {
    hashMedium(ptr, 0, load<u64>(ptr) ^ (<u64>byteLength * K0), load<u64>(ptr + byteLength - 8) ^ K1, result);
  } else {
    hashMedium(ptr, byteLength, K0, K1, result);
  }
}

/** At least 128 bytes after the seed. */
function hashLong(ptr: usize, byteLength: u32, x: u64, y: u64, result: usize): void {
  let z = <u64>byteLength * K1;
  let v0 = rotr<u64>(y ^ K1, 49) * K1 + load<u64>(ptr);
  let v1 = rotr<u64>(v0, 42) * K1 + load<u64>(ptr, 8);
  let w0 = rotr<u64>(y + z, 35) * K1 + x;
  let w1 = rotr<u64>(x + load<u64>(ptr, 88), 53) * K1;

  const tail = byteLength & 127;
  const end = ptr + (byteLength - tail);
  while (ptr < end) {
    x = rotr<u64>(x + y + v0 + load<u64>(ptr, 16), 37) * K1 ^ w1;
    y = rotr<u64>(y + v1 + load<u64>(ptr, 48), 42) * K1 ^ v0;
    z = rotr<u64>(z ^ w0, 33);

    v0 = mix32(ptr, v1 * K1, x + w0);
    v1 = second;
    w0 = mix32(ptr + 32, z + w1, y);
    w1 = second;
    const swap = z;
    z = x;
    x = swap;
    ptr += 64;
  }

  y += rotr<u64>(w0, 37) * K0 + z;
  x += rotr<u64>(v0 + z, 49) * K0;
  // The last round may begin before the tail: those bytes were hashed once already, and they exist.
  for (let done: u32 = 0; done < tail; ) {
    done += 32;
    const at = end + tail - done;
    y = rotr<u64>(y - x, 42) * K0 + v1;
    w0 += load<u64>(at, 16);
    x = rotr<u64>(x, 49) * K0 + w0;
    w0 += v0;
    v0 = mix32(at, v0, v1);
    v1 = second;
  }
  x = hash16(x, v0);
  y = hash16(y, w0);
  store<u64>(result, hash16(x + v1, w1) + y);
  store<u64>(result, hash16(x + w1, y + v1), 8);
}

/** 0 to 127 bytes after the seed. */
function hashMedium(ptr: usize, byteLength: u32, a: u64, b: u64, result: usize): void {
  let c: u64, d: u64;
  if (byteLength <= 16) {
    a = shiftMix(a * K1) * K1;
    c = b * K1 + hashShort(ptr, byteLength);
    d = shiftMix(a + (byteLength >= 8 ? load<u64>(ptr) : c));
  } else {
    const end = ptr + byteLength;
    c = hash16(load<u64>(end - 8) + K1, a);
    d = hash16(b + byteLength, c + load<u64>(end - 16));
    a += d;
    for (; ptr < end - 16; ptr += 16) {
      a = (a ^ shiftMix(load<u64>(ptr) * K1) * K1) * K1;
      b ^= a;
      c = (c ^ shiftMix(load<u64>(ptr, 8) * K1) * K1) * K1;
      d ^= c;
    }
  }
  a = hash16(a, c);
  b = hash16(d, b);
  store<u64>(result, a ^ b);
  store<u64>(result, hash16(b, a), 8);
}

/** 0 to 16 bytes. */
function hashShort(ptr: usize, byteLength: u32): u64 {
  if (byteLength > 8) {
    const last = load<u64>(ptr + byteLength - 8);
    return hash16(load<u64>(ptr), rotr<u64>(last + byteLength, byteLength)) ^ last;
  }
  if (byteLength >= 4) {
    return hash16(byteLength + (<u64>load<u32>(ptr) << 3), load<u32>(ptr + byteLength - 4));
  }
  if (byteLength == 0) return K2;
  const y = <u32>load<u8>(ptr) + (<u32>load<u8>(ptr + (byteLength >> 1)) << 8);
  const z = byteLength + (<u32>load<u8>(ptr + byteLength - 1) << 2);
  return shiftMix(<u64>y * K2 ^ <u64>z * K3) * K2;
}

/** Mixes 32 bytes into a pair; the second word is left in `second`. */
function mix32(ptr: usize, a: u64, b: u64): u64 {
  a += load<u64>(ptr);
  b = rotr<u64>(b + a + load<u64>(ptr, 24), 21);
  const sum = a + load<u64>(ptr, 8) + load<u64>(ptr, 16);
  second = b + rotr<u64>(sum, 44) + a;
  return sum + load<u64>(ptr, 24);
}

function hash16(low: u64, high: u64): u64 {
  const a = shiftMix((low ^ high) * K_MUL);
  return shiftMix((high ^ a) * K_MUL) * K_MUL;
}

function shiftMix(value: u64): u64 {
  return value ^ (value >> 47);
}
