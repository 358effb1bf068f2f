/**
 * What `alternate` measured, as ns per row, and how many times as long each took as the first one: by the medians, and by the least
 * processor time, which a busy machine disturbs least.
 */
export function perRow(measured, rowCount) {
  const ns = ({ median, min, max }) => ({
    median: (median * 1e6) / rowCount,
    min: (min * 1e6) / rowCount,
    max: (max * 1e6) / rowCount,
  })
  const base = Object.values(measured)[0]
  return Object.fromEntries(
    Object.entries(measured).map(([label, { byteLength, ms, cpuMs }]) => [
      label,
      {
        nsPerRow: ns(ms),
        cpuNsPerRow: ns(cpuMs),
        bytesPerRow: byteLength / rowCount,
        mbPerSecond: byteLength / 1e3 / ms.median,
        timesFirst: ms.median / base.ms.median,
        timesFirstOfLeast: cpuMs.min / base.cpuMs.min,
      },
    ]),
  )
}
