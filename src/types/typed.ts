/** A value together with the alternative it uses in a Variant or Dynamic column: made by `typed()`. */
export class TypedValue {
  /** ClickHouse type, as the caller wrote it. */
  readonly type: string
  readonly value: unknown

  constructor(type: string, value: unknown) {
    this.type = type
    this.value = value
  }
}

/**
 * Names the alternative of a Variant or Dynamic value, where the value alone would not decide:
 * `typed('UInt8', 1)` and `typed('Decimal(9, 2)', '1')` are the same JavaScript number and string otherwise.
 *
 * @param type   a ClickHouse type in any spelling; for a Variant one of its alternatives
 * @param value  what a column of that type takes; null is NULL whatever the type
 */
export function typed(type: string, value: unknown): TypedValue {
  return new TypedValue(type, value)
}
