// Number text → what the statement takes, digit for digit.

/** An integer that a double holds exactly: at most 15 digits. */
const SHORT_INTEGER = /^[+-]?\d{1,15}$/
const NUMBER = /^([+-]?)(?=\.?\d)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,4}))?$/

/**
 * A number, or a decimal string where a number would lose digits; undefined when the text is no integer.
 *
 *   '42' ──▶ 42      '12.0', '1.2e1' ──▶ 12      '18446744073709551615' ──▶ '18446744073709551615'      '1.5', '', '0x1f' ──▶ undefined
 */
export function integerFromText(text: string): number | string | undefined {
  const digits = fewDigits(text)
  if (digits >= 0) return digits
  if (SHORT_INTEGER.test(text)) return Number(text)
  const decimal = decimalFromText(text)
  if (decimal === undefined || decimal.includes('.')) return undefined
  return SHORT_INTEGER.test(decimal) ? Number(decimal) : decimal
}

/** 1 to 15 digits and nothing else, or -1: a fifth of what the expressions cost. */
function fewDigits(text: string): number {
  if (text.length === 0 || text.length > 15) return -1
  let number = 0
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 48
    if (digit < 0 || digit > 9) return -1
    number = number * 10 + digit
  }
  return number
}

/**
 * The same number without exponent, plus sign and needless zeros; undefined when the text is no number.
 *
 *   '1.50' ──▶ '1.5'      '-12e-3' ──▶ '-0.012'      '.5' ──▶ '0.5'      '1,5' ──▶ undefined
 */
export function decimalFromText(text: string): string | undefined {
  const match = NUMBER.exec(text)
  if (!match) return undefined
  const [, sign, whole = '', fraction = '', exponent = '0'] = match
  const digits = whole + fraction
  const point = whole.length + Number(exponent)
  const padded = point <= 0 ? '0'.repeat(1 - point) + digits : digits.padEnd(point, '0')
  const at = Math.max(point, 1)
  const integer = padded.slice(0, at).replace(/^0+(?=\d)/, '')
  const rest = padded.slice(at).replace(/0+$/, '')
  const value = rest === '' ? integer : `${integer}.${rest}`
  return sign === '-' && value !== '0' ? `-${value}` : value
}

const NAMED = new Map([
  ['nan', Number.NaN],
  ['inf', Number.POSITIVE_INFINITY],
  ['infinity', Number.POSITIVE_INFINITY],
])

/** The nearest double; undefined when the text is no number, or one too large for a double. */
export function floatFromText(text: string): number | undefined {
  if (!NUMBER.test(text)) {
    const named = NAMED.get(text.toLowerCase().replace(/^[+-]/, ''))
    return named !== undefined && text.startsWith('-') ? -named : named
  }
  const value = Number(text)
  return Number.isFinite(value) ? value : undefined
}

const BOOLS = new Map([
  ...['1', 't', 'true', 'y', 'yes', 'on', 'enable', 'enabled'].map((word) => [word, true] as const),
  ...['0', 'f', 'false', 'n', 'no', 'off', 'disable', 'disabled'].map((word) => [word, false] as const),
])

/** ClickHouse's words for true and false, in any case. */
export function boolFromText(text: string): boolean | undefined {
  return BOOLS.get(text) ?? BOOLS.get(text.toLowerCase())
}
