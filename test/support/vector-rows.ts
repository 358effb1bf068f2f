/** Rows of the big vectors, which are described instead of listed. */
export type RowsGen = { readonly count: number } & (
  | { readonly kind: 'seq_strings'; readonly prefix: string }
  | { readonly kind: 'mod_strings'; readonly prefix: string; readonly mod: number }
  | { readonly kind: 'seq_ints'; readonly start: number; readonly step: number }
  | { readonly kind: 'mod_ints'; readonly mod: number }
  | {
      readonly kind: 'nullable_mod_strings'
      readonly prefix: string
      readonly mod: number
      readonly null_every: number
    }
  | { readonly kind: 'repeat_string'; readonly unit: string; readonly times: number }
)

export function expandRows(gen: RowsGen): unknown[] {
  return Array.from({ length: gen.count }, (_, i) => valueAt(gen, i))
}

function valueAt(gen: RowsGen, i: number): unknown {
  switch (gen.kind) {
    case 'seq_strings':
      return gen.prefix + i
    case 'mod_strings':
      return gen.prefix + (i % gen.mod)
    case 'seq_ints':
      return gen.start + i * gen.step
    case 'mod_ints':
      return i % gen.mod
    case 'nullable_mod_strings':
      return i % gen.null_every === 0 ? null : gen.prefix + (i % gen.mod)
    case 'repeat_string':
      return gen.unit.repeat(gen.times)
  }
}
