// A core for the server and one for its client, so that neither is measured by how much of the other's time it gets.

import { spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'

export const SERVER_CORE = 0
export const CLIENT_CORE = 1

export const canPin = availableParallelism() > 1 && spawnSync('taskset', ['-c', `${CLIENT_CORE}`, 'true']).status === 0

/** The command line that runs another one on that core; the same where there is no taskset, or one core. */
export function onCore(core, command) {
  return canPin ? ['taskset', '-c', `${core}`, ...command] : command
}
