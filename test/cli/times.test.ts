import { describe, expect, it } from 'vitest'
import { momentFromUnix } from '../../src/cli/convert/dates.ts'
import { momentFromText, namedZone, UTC, wallSeconds } from '../../src/cli/convert/times.ts'

/** '2024-01-01T08:00:00.000Z' of a text; undefined or 'skipped' as they come. */
function utc(text: string, zone = UTC): string | undefined {
  const moment = momentFromText(text, zone)
  return typeof moment === 'object' ? new Date(moment.seconds * 1000 + moment.nanos / 1e6).toISOString() : moment
}

describe('momentFromText: the forms of a time', () => {
  const cases: [string, string | undefined][] = [
    ['2024-01-31', '2024-01-31T00:00:00.000Z'],
    ['2024-01-31 10:20', '2024-01-31T10:20:00.000Z'],
    ['2024-01-31 10:20:30', '2024-01-31T10:20:30.000Z'],
    ['2024-01-31T10:20:30Z', '2024-01-31T10:20:30.000Z'],
    ['2024-01-31T10:20:30.5Z', '2024-01-31T10:20:30.500Z'],
    ['2024-01-31 10:20:30,25 UTC', '2024-01-31T10:20:30.250Z'],
    ['2024-01-31T10:20:30+02:00', '2024-01-31T08:20:30.000Z'],
    ['2024-01-31T10:20:30-0330', '2024-01-31T13:50:30.000Z'],
    ['2024-01-31 10:20:30+00', '2024-01-31T10:20:30.000Z'],
    ['1969-12-31 23:59:59.5', '1969-12-31T23:59:59.500Z'],
    ['0001-01-01 00:00:00', '0001-01-01T00:00:00.000Z'],
    ['9999-12-31 23:59:59.999', '9999-12-31T23:59:59.999Z'],
    ['2024-02-29', '2024-02-29T00:00:00.000Z'],
    ['2023-02-29', undefined],
    ['2024-13-01', undefined],
    ['2024-01-31 24:00:00', undefined],
    ['2024-01-31 10:60:00', undefined],
    ['2024-1-31', undefined],
    ['2024-01-31 10:20:30 CET', undefined],
    ['31.01.2024', undefined],
    ['', undefined],
  ]
  for (const [text, time] of cases) it(`${JSON.stringify(text)} is ${time}`, () => expect(utc(text)).toBe(time))

  it('keeps nine digits and says when there were more', () => {
    expect(momentFromText('2024-01-01 00:00:00.123456789', UTC)).toEqual({
      seconds: 1704067200,
      nanos: 123456789,
      isFiner: false,
    })
    expect(momentFromText('2024-01-01 00:00:00.1234567890', UTC)).toEqual({
      seconds: 1704067200,
      nanos: 123456789,
      isFiner: false,
    })
    expect(momentFromText('2024-01-01 00:00:00.1234567891', UTC)).toEqual({
      seconds: 1704067200,
      nanos: 123456789,
      isFiner: true,
    })
  })
})

describe('wallSeconds reads what momentFromText reads', () => {
  for (const text of ['2024-01-31 10:20:30', '1970-01-01T00:00:00', '1900-03-01 23:59:59', '9999-12-31 00:00:00']) {
    it(text, () => expect(wallSeconds(text)).toBe((momentFromText(text, UTC) as { seconds: number }).seconds))
  }
  for (const text of [
    '2024-01-31 10:20:60',
    '2024-02-30 10:20:30',
    '2024-01-31_10:20:30',
    '2024-01-31 1a:20:30',
    '2024-01-31 10:20:3 ',
    '2024-01-31',
  ]) {
    it(`leaves ${JSON.stringify(text)} to it`, () => expect(wallSeconds(text)).toBeNaN())
  }
})

describe('namedZone: the clock face of a zone', () => {
  const berlin = namedZone('Europe/Berlin')
  it('winter and summer', () => {
    expect(utc('2024-01-15 12:00:00', berlin)).toBe('2024-01-15T11:00:00.000Z')
    expect(utc('2024-07-15 12:00:00', berlin)).toBe('2024-07-15T10:00:00.000Z')
  })
  it('a zone in the text comes first', () =>
    expect(utc('2024-07-15 12:00:00Z', berlin)).toBe('2024-07-15T12:00:00.000Z'))
  it('the hour that comes twice is the first of the two', () => {
    expect(utc('2024-10-27 01:59:59', berlin)).toBe('2024-10-26T23:59:59.000Z')
    expect(utc('2024-10-27 02:30:00', berlin)).toBe('2024-10-27T00:30:00.000Z')
    expect(utc('2024-10-27 03:00:00', berlin)).toBe('2024-10-27T02:00:00.000Z')
  })
  it('the hour that is skipped is no time', () => {
    expect(utc('2024-03-31 01:59:59', berlin)).toBe('2024-03-31T00:59:59.000Z')
    expect(utc('2024-03-31 02:30:00', berlin)).toBe('skipped')
    expect(utc('2024-03-31 03:00:00', berlin)).toBe('2024-03-31T01:00:00.000Z')
  })
  it('odd offsets: quarters of an hour, and seconds before there were zones', () => {
    expect(utc('2024-01-01 12:00:00', namedZone('Asia/Kathmandu'))).toBe('2024-01-01T06:15:00.000Z')
    expect(utc('1971-06-01 12:00:00', namedZone('Africa/Monrovia'))).toBe('1971-06-01T12:44:30.000Z')
  })
  it('agrees with Intl at every hour of a year', () => {
    const zone = namedZone('America/New_York')
    const clock = new Intl.DateTimeFormat('sv-SE', {
      timeZone: 'America/New_York',
      dateStyle: 'short',
      timeStyle: 'medium',
    })
    for (let seconds = Date.UTC(2024, 0, 1) / 1000; seconds < Date.UTC(2025, 0, 1) / 1000; seconds += 3600) {
      const moment = momentFromText(clock.format(seconds * 1000), zone)
      // The repeated hour of 2024-11-03 reads as its first pass.
      const expected = seconds === Date.UTC(2024, 10, 3, 6) / 1000 ? seconds - 3600 : seconds
      expect(moment).toMatchObject({ seconds: expected })
    }
  })
  it('refuses a zone that nobody knows', () => expect(() => namedZone('Europe/Nowhere')).toThrow(RangeError))
})

describe('momentFromUnix: the size tells the unit', () => {
  const cases: [string, number, number][] = [
    ['0', 0, 0],
    ['1704103200', 1704103200, 0],
    ['1704103200.25', 1704103200, 250_000_000],
    ['9908870399', 9908870399, 0],
    ['9908870400', 9908870, 400_000_000],
    ['1704103200123', 1704103200, 123_000_000],
    ['1704103200123456', 1704103200, 123_456_000],
    ['1704103200123456789', 1704103200, 123_456_789],
    ['-1', -1, 0],
    ['-0.25', -1, 750_000_000],
    ['-1704103200123', -1704103201, 877_000_000],
  ]
  for (const [text, seconds, nanos] of cases)
    it(text, () => expect(momentFromUnix(text)).toEqual({ seconds, nanos, isFiner: false }))
})
