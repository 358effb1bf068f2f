// Random types without others inside.

import { bool, decimal, enumeration, float, integer, interval, wideInteger } from './numbers.ts'
import { fixedString, ipv4, ipv6, string, uuid } from './texts.ts'
import { randomTime } from './times.ts'
import { type Below, pick, type RandomType } from './value.ts'

export function randomLeaf(below: Below): RandomType {
  switch (below(14)) {
    case 0:
    case 1:
      return integer(below, pick(below, 8, 16, 32), below(2) === 0)
    case 2:
      return wideInteger(below)
    case 3:
      return float(below)
    case 4:
      return decimal(below)
    case 5:
    case 6:
      return string(below)
    case 7:
      return fixedString(below)
    case 8:
    case 9:
      return randomTime(below)
    case 10:
      return uuid(below)
    case 11:
      return below(2) ? ipv4(below) : ipv6(below)
    case 12:
      return enumeration(below)
    default:
      return below(2) ? bool(below) : interval(below)
  }
}

/** A leaf whose column has a dictionary form. */
export function dictionaryLeaf(below: Below): RandomType {
  for (;;) {
    const type = below(2) ? string(below) : randomLeaf(below)
    if (!/^(Enum|Decimal|DateTime64|Time64)/.test(type.type)) return type
  }
}
