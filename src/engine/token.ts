// Deduplication tokens: <engine uuid>:<block sequence>:<hash>. The server drops a block whose token it has seen, whatever
// its content; the hash makes two different blocks under one uuid and sequence show as duplicates, never as silent loss.

import { createHash, randomUUID } from 'node:crypto'

const NAMESPACE = Buffer.from('d68d6abec59e45d6ade8e2b0ceb7bedf', 'hex')

export function blockToken(engineUuid: string, sequence: number, hash: string): string {
  return `${engineUuid}:${sequence}:${hash}`
}

/** A uuid of this process alone: what every statement without a fixed engineId takes. */
export function randomEngineUuid(): string {
  return randomUUID()
}

/** The uuid that a fixed `engineId` has for a table, the same in every process: UUIDv5 of the tag `` `db`.`table`:id ``. */
export function fixedEngineUuid(database: string, table: string, id: string | number): string {
  return uuidV5(`\`${database}\`.\`${table}\`:${id}`)
}

/** @see https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-5 */
function uuidV5(name: string): string {
  const bytes = createHash('sha1').update(NAMESPACE).update(name, 'utf8').digest().subarray(0, 16)
  bytes[6] = (bytes[6]! & 0x0f) | 0x50
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  const hex = bytes.toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
