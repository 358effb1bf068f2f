// String column: what the server reads for `String` in a Native block.
//
//   per row   ┌────────────┬──────────────┐
//             │ VarUInt n  │ n raw bytes  │    n counts bytes, not characters
//             └────────────┴──────────────┘
//
// JavaScript joins some hundred values into one string and writes it once; this kernel cuts that text back into values.
//
// in    text   u8[…]        the values back to back, Latin-1 or UTF-8
//       ends   u32[count]   length of each value in UTF-16 units, as JavaScript counts
// out   body   the column body from `body + end` on; the caller reserved textBound() bytes
//       ends   u32[count]   offset in the body behind each value
//
// Allocates nothing. Cannot fail: the text is what one UTF-8 encoder wrote for the joined values.

import { writeVarUInt } from '../varint';

/** Copies begin with 32 bytes and go on with 16 at a time, so up to 32 bytes behind the text are read and behind the body are written. */
const SLACK: u32 = 32;
/** From here on memory.copy beats the loop of 16-byte copies. */
const LONG: u32 = 256;

/** Most bytes that `count` values of `byteLength` text bytes take in the body, slack included. */
export function textBound(count: u32, byteLength: u32): u32 {
  // A surrogate pair torn apart between two values grows from 4 to 6 bytes: at most 2 more a value.
  return byteLength + count * 7 + SLACK;
}

// @ts-ignore: decorator
@inline
function copyText(out: usize, from: usize, byteLength: u32): void {
  if (byteLength > LONG) {
    memory.copy(out, from, byteLength);
    return;
  }
  // No branch for the lengths that are common: which of them comes next cannot be foreseen.
  v128.store(out, v128.load(from));
  v128.store(out, v128.load(from, 16), 16);
  const end = out + byteLength;
  out += 32;
  from += 32;
  while (out < end) {
    v128.store(out, v128.load(from));
    out += 16;
    from += 16;
  }
}

/**
 * A column that is bytes and offsets already: value i is text + offsets[i] up to text + offsets[i + 1], any bytes; an empty one
 * where nulls[i] is 1 (address 0 for no NULLs). Here `ends` is only written. Returns the new end of the body.
 */
export function writeTexts(
  body: usize, end: u32, ends: usize, text: usize, offsets: usize, count: u32, nulls: usize,
): u32 {
  let out = body + end;
  for (let row: u32 = 0; row < count; row++) {
    const start = load<u32>(offsets + (<usize>row << 2));
    const isNull = nulls ? load<u8>(nulls + row) : 0;
    const length: u32 = isNull ? 0 : load<u32>(offsets + (<usize>row << 2) + 4) - start;
    out = writeVarUInt(out, length);
    copyText(out, text + start, length);
    out += length;
    store<u32>(ends + (<usize>row << 2), <u32>(out - body));
  }
  return <u32>(out - body);
}

/** Whether the next `byteLength` bytes are all ASCII. Reads up to 15 bytes further. */
// @ts-ignore: decorator
@inline
function isAscii(text: usize, byteLength: u32): bool {
  let bits = i8x16.splat(0);
  const whole = text + (byteLength & ~15);
  while (text < whole) {
    bits = v128.or(bits, v128.load(text));
    text += 16;
  }
  const tail = (1 << (byteLength & 15)) - 1;
  return !i8x16.bitmask(bits) && !(i8x16.bitmask(v128.load(text)) & tail);
}

/**
 * The text is Latin-1, one byte a character: from 0x80 on a character takes two bytes in UTF-8.
 *
 *   'é' = e9 ──▶ 02 c3 a9
 */
export function writeLatin1Text(body: usize, end: u32, ends: usize, text: usize, byteLength: u32, count: u32): u32 {
  if (isAscii(text, byteLength)) return writeAsciiText(body, end, ends, text, count);
  let out = body + end;
  const last = ends + (<usize>count << 2);
  while (ends < last) {
    const length = load<u32>(ends);
    out = writeLatin1(out, text, length);
    text += length;
    store<u32>(ends, <u32>(out - body));
    ends += 4;
  }
  return <u32>(out - body);
}

/** One value. */
// @ts-ignore: decorator
@inline
function writeLatin1(out: usize, text: usize, length: u32): usize {
  if (isAscii(text, length)) {
    out = writeVarUInt(out, length);
    copyText(out, text, length);
    return out + length;
  }
  out = writeVarUInt(out, length + countHigh(text, length));
  for (let at: u32 = 0; at < length; at++) {
    const code = <u32>load<u8>(text + at);
    if (code < 0x80) {
      store<u8>(out++, <u8>code);
    } else {
      store<u8>(out, <u8>(0xc0 | (code >> 6)));
      store<u8>(out + 1, <u8>(0x80 | (code & 0x3f)));
      out += 2;
    }
  }
  return out;
}

/** Bytes from 0x80 on among the next `byteLength`. */
function countHigh(text: usize, byteLength: u32): u32 {
  let count: u32 = 0;
  for (const end = text + byteLength; text < end; text++) count += <u32>load<u8>(text) >> 7;
  return count;
}

/** All text is ASCII: units are bytes. Returns the new end of the body. */
function writeAsciiText(body: usize, end: u32, ends: usize, text: usize, count: u32): u32 {
  let out = body + end;
  const last = ends + (<usize>count << 2);
  while (ends < last) {
    const length = load<u32>(ends);
    out = writeVarUInt(out, length);
    copyText(out, text, length);
    out += length;
    text += length;
    store<u32>(ends, <u32>(out - body));
    ends += 4;
  }
  return <u32>(out - body);
}

/**
 * The text has bytes above 127: the end of each value is found by counting UTF-16 units.
 *
 *   two values 'a\ud83d' and '\ude80' were joined to 'a🚀'      61 f0 9f 9a 80
 *   each half alone is U+FFFD, as every encoder writes it   ──▶  04 61 ef bf bd   03 ef bf bd
 */
export function writeUtf8Text(body: usize, end: u32, ends: usize, text: usize, textEnd: usize, count: u32): u32 {
  let out = body + end;
  let torn = false; // the value begins with the low half of a pair whose high half ended the value before
  const last = ends + (<usize>count << 2);
  while (ends < last) {
    let units = load<u32>(ends);
    if (units == 0) {
      // An empty value between two halves leaves the pair torn.
      store<u8>(out++, 0);
      store<u32>(ends, <u32>(out - body));
      ends += 4;
      continue;
    }
    const from = text;
    const beginsTorn = torn;
    torn = false;
    if (beginsTorn) units -= 1;
    if (text + units <= textEnd && isAscii(text, units)) {
      text += units;
    } else {
      while (units > 0) {
        const byte = <u32>load<u8>(text);
        if (byte < 0x80) {
          text += 1;
        } else if (byte < 0xe0) {
          text += 2;
        } else if (byte < 0xf0) {
          text += 3;
        } else if (units > 1) {
          text += 4;
          units -= 1;
        } else {
          torn = true;
          break;
        }
        units -= 1;
      }
    }
    const length = <u32>(text - from);
    out = writeVarUInt(out, length + (beginsTorn ? 3 : 0) + (torn ? 3 : 0));
    if (beginsTorn) out = writeReplacement(out);
    copyText(out, from, length);
    out += length;
    if (torn) {
      out = writeReplacement(out);
      text += 4;
    }
    store<u32>(ends, <u32>(out - body));
    ends += 4;
  }
  return <u32>(out - body);
}

/** Stands for the length of a value that is not in the text. */
const ELSEWHERE: u32 = 0xffffffff;

/**
 * Latin-1 text, of which some values are missing: those are in a body of their own, `others` with `otherEnds`.
 *
 *   lengths 1, ELSEWHERE, 1   'ab' in Latin-1   others 04 d0 b6 d1 8b  ──▶  01 61   04 d0 b6 d1 8b   01 62
 */
export function writeMixedText(
  body: usize, end: u32, ends: usize, text: usize, others: usize, otherEnds: usize, count: u32,
): u32 {
  let from: u32 = 0;
  let out = body + end;
  const last = ends + (<usize>count << 2);
  while (ends < last) {
    const length = load<u32>(ends);
    if (length == ELSEWHERE) {
      const to = load<u32>(otherEnds);
      copyText(out, others + from, to - from);
      out += to - from;
      from = to;
      otherEnds += 4;
    } else {
      out = writeLatin1(out, text, length);
      text += length;
    }
    store<u32>(ends, <u32>(out - body));
    ends += 4;
  }
  return <u32>(out - body);
}

/** U+FFFD, the replacement character. */
function writeReplacement(out: usize): usize {
  store<u16>(out, 0xbfef);
  store<u8>(out + 2, 0xbd);
  return out + 3;
}
