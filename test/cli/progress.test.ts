import { describe, expect, it } from 'vitest'
import { formatBytes, formatSeconds, progressLine } from '../../src/cli/progress.ts'

describe('progressLine', () => {
  it('shows bar, rows, rates and the time left where the size is known', () => {
    const state = { rows: 1_234_567, bytesRead: 50_000_000, bytesTotal: 100_000_000 }
    expect(progressLine('events', state, 412_345, 10_000_000)).toBe(
      'events  [##########----------]  50%  1,234,567 rows  412k rows/s  10.0 MB/s  ETA 0:05',
    )
  })
  it('shows no bar where it is not, and no time where nothing moves', () => {
    const state = { rows: 5, bytesRead: 10, bytesTotal: undefined }
    expect(progressLine('events', state, 0, 0)).toBe('events  5 rows  0 rows/s  0 B/s')
    expect(progressLine('events', { ...state, bytesTotal: 100 }, 0, 0)).not.toContain('ETA')
  })
  it('says what holds it up in the place of bar and rates, in 80 characters', () => {
    const state = { rows: 1_234_567_890, bytesRead: 50, bytesTotal: 100 }
    const line = progressLine('events', { ...state, delay: 'retrying 12 blocks (Code 252, next in 10 s)' }, 0, 0)
    expect(line).toBe('events   50%  1,234,567,890 rows  retrying 12 blocks (Code 252, next in 10 s)')
    expect(line.length).toBeLessThan(80)
    expect(
      progressLine('t', { rows: 5, bytesRead: 1, bytesTotal: undefined, delay: 'waiting for the server (3 s)' }, 0, 0),
    ).toBe('t  5 rows  waiting for the server (3 s)')
  })
  it('never shows more than everything: a growing file', () => {
    expect(progressLine('t', { rows: 1, bytesRead: 150, bytesTotal: 100 }, 1, 1)).toContain(`[${'#'.repeat(20)}] 100%`)
  })
})

describe('units', () => {
  it('bytes in powers of ten, as disks and networks count them', () => {
    expect([0, 999, 1000, 1_500_000, 2e9].map(formatBytes)).toEqual(['0 B', '999 B', '1.0 kB', '1.5 MB', '2.0 GB'])
  })
  it('seconds as clocks show them', () => {
    expect([0, 5, 65, 3600, 3661].map(formatSeconds)).toEqual(['0:00', '0:05', '1:05', '1:00:00', '1:01:01'])
  })
})
