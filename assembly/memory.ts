// The arena: one linear memory per statement, handed out from the bottom up and never piecewise given back.
//
//   0          __heap_base                    top                     memory.size
//   ├─ AS data ─┼─ region ─ region ─ region ──┼─ not handed out yet ──┤
//
// A region that grows is reserved anew at the top and copied; the old one is lost until the arena is dropped. Regions double,
// so less than half of the arena is ever lost that way. This is the one file that calls memory.grow.

const PAGE: usize = 65536;
/** v128 loads and typed arrays of every width start on this boundary. */
const ALIGNMENT: usize = 16;
/**
 * Left free behind every region. Columns of 65,536 rows would otherwise all start on a multiple of 64 KiB: one row's values then
 * compete for the same few cache lines. 2.5x on a row of 20 numbers (66 against 26 ns).
 */
const GAP: usize = 5 * 64;

let top: usize = (__heap_base + ALIGNMENT - 1) & ~(ALIGNMENT - 1);

/** Room for `byteLength` bytes, zeroed only when fresh from the system; 0 when the memory cannot grow that far. */
export function reserve(byteLength: usize): usize {
  const ptr = top;
  const end = ((ptr + byteLength + ALIGNMENT - 1) & ~(ALIGNMENT - 1)) + GAP;
  if (byteLength > usize.MAX_VALUE - ptr - ALIGNMENT - GAP) return 0; // end wrapped around 4 GiB
  const size = <usize>memory.size() * PAGE;
  // At 65,536 pages size wraps to 0 in 32 bits, which can only mean "everything is there".
  if (size != 0 && end > size) {
    const pages = (end - size + PAGE - 1) / PAGE;
    // Growth detaches every view and costs nothing until the pages are touched: doubling keeps it rare.
    const ahead = max(pages, size / PAGE);
    if (memory.grow(<i32>ahead) < 0 && memory.grow(<i32>pages) < 0) return 0;
  }
  top = end;
  return ptr;
}

/** Where the next region will start. */
export function arenaTop(): usize {
  return top;
}

/** Gives back everything reserved since `mark` (an earlier arenaTop). */
export function releaseTo(mark: usize): void {
  assert(mark <= top, "a mark lies below the top");
  top = mark;
}
