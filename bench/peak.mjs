// The peak of a process's resident memory, by the kernel.

import { readFileSync, writeFileSync } from 'node:fs'

/** Peak memory counts from here on, where the system can: what it took to make the rows is no part of it. */
export function forgetPeak(pid = 'self') {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, '5')
  } catch {
    // no Linux: the peak is that of the whole process, which is more
  }
}

/** @returns  bytes; undefined for another process where there is no Linux */
export function peakBytes(pid = 'self') {
  try {
    return Number(/^VmHWM:\s*(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))[1]) * 1024
  } catch {
    return pid === 'self' ? process.resourceUsage().maxRSS * 1024 : undefined
  }
}
