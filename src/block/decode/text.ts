// Text forms of binary values, as ClickHouse prints them.

/** Days since 1970-01-01 as YYYY-MM-DD. Any Int32 of days has a date; years past 9999 take ISO's signed six digits. */
export function dayText(days: number): string {
  // The calendar repeats every 400 years of 146,097 days; years counted from March end with the leap day.
  const shifted = days + 719_468 // days since 0000-03-01
  const era = Math.floor(shifted / 146_097)
  const dayOfEra = shifted - era * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1_460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const march = Math.floor((5 * dayOfYear + 2) / 153) // months since March
  const day = dayOfYear - Math.floor((153 * march + 2) / 5) + 1
  const month = march < 10 ? march + 3 : march - 9
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  return `${yearText(year)}-${twoDigits(month)}-${twoDigits(day)}`
}

function yearText(year: number): string {
  if (year >= 0 && year <= 9999) return String(year).padStart(4, '0')
  return (year < 0 ? '-' : '+') + String(Math.abs(year)).padStart(6, '0')
}

/** Ticks of 10^-scale seconds as [-]HH:MM:SS[.fraction]. */
export function clockText(ticks: bigint, scale: number): string {
  const unit = 10n ** BigInt(scale)
  const absolute = ticks < 0n ? -ticks : ticks
  const seconds = absolute / unit
  const fraction = scale === 0 ? '' : `.${(absolute % unit).toString().padStart(scale, '0')}`
  const hours = (seconds / 3600n).toString().padStart(2, '0')
  const [minutes, rest] = [(seconds / 60n) % 60n, seconds % 60n]
  return `${ticks < 0n ? '-' : ''}${hours}:${twoDigits(minutes)}:${twoDigits(rest)}${fraction}`
}

/** A Decimal with all digits of its scale: 150 at scale 2 is 1.50. */
export function decimalText(unscaled: bigint, scale: number): string {
  if (scale === 0) return unscaled.toString()
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, '0')
  return `${unscaled < 0n ? '-' : ''}${digits.slice(0, -scale)}.${digits.slice(-scale)}`
}

//   00112233-4455-6677-8899-aabbccddeeff   ──▶   77 66 55 44 33 22 11 00   ff ee dd cc bb aa 99 88
export function uuidText(view: DataView, at: number): string {
  const high = view.getBigUint64(at, true).toString(16).padStart(16, '0')
  const low = view
    .getBigUint64(at + 8, true)
    .toString(16)
    .padStart(16, '0')
  return `${high.slice(0, 8)}-${high.slice(8, 12)}-${high.slice(12)}-${low.slice(0, 4)}-${low.slice(4)}`
}

export function ipv4Text(address: number): string {
  return `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`
}

/** Network byte order in, the shortest form out: the first longest run of zero groups (two or more) becomes `::`. */
export function ipv6Text(view: DataView, at: number): string {
  const groups = new Array<number>(8)
  for (let i = 0; i < 8; i++) groups[i] = view.getUint16(at + i * 2)
  let runStart = 0
  let runLength = 1
  for (let i = 0; i < 8; i++) {
    let end = i
    while (end < 8 && groups[end] === 0) end++
    if (end - i > runLength) {
      runStart = i
      runLength = end - i
    }
  }
  if (runLength === 1) return hexGroups(groups)
  // An IPv4 address inside prints as one: ::1.2.3.4 and ::ffff:1.2.3.4.
  if (runStart === 0 && (runLength === 6 || (runLength === 5 && groups[5] === 0xffff))) {
    return `${runLength === 6 ? '::' : '::ffff:'}${ipv4Text(view.getUint32(at + 12))}`
  }
  return `${hexGroups(groups.slice(0, runStart))}::${hexGroups(groups.slice(runStart + runLength))}`
}

function hexGroups(groups: number[]): string {
  let text = ''
  for (let i = 0; i < groups.length; i++) text += (i === 0 ? '' : ':') + groups[i]!.toString(16)
  return text
}

function twoDigits(value: number | bigint): string {
  return String(value).padStart(2, '0')
}
