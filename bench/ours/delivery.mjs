// What the engine does for a block between its sealing and its acknowledgement: token, states, attempt, waits. The server is one that
// answers at once, in the process.

import { Block } from '../../dist/engine/block.js'
import { BlockRows } from '../../dist/engine/block-rows.js'
import { Engine } from '../../dist/engine/engine.js'
import { resolveRetry } from '../../dist/engine/retry.js'
import { blockToken, randomEngineUuid } from '../../dist/engine/token.js'
import { HostList } from '../../dist/transport/hosts.js'

/** As a statement has it that is given no options. */
const PENDING_MAX = 4
const ROWS = 65_536

export function create({ blocks }) {
  let made
  return {
    byteLength: 0,
    async run() {
      made = await deliver(blocks)
    },
    check() {
      if (made !== blocks * ROWS) throw new Error(`${made} rows are acknowledged, not ${blocks * ROWS}`)
    },
  }
}

/** @returns  the rows that were acknowledged under tokens of their own */
async function deliver(blocks) {
  const uuid = randomEngineUuid()
  const target = {
    database: 'db',
    table: 't',
    sql: 'INSERT INTO t FORMAT Native',
    settings: { async_insert: 0 },
    sendsToken: true,
  }
  const bytes = new Uint8Array(8)
  const seen = new Set()
  const transport = {
    kind: 'http',
    takesFrames: true,
    hosts: new HostList(['here'], 'in_order', async () => false),
    async insert({ settings }) {
      seen.add(settings.insert_deduplication_token)
      return { host: 'here' }
    },
  }
  const engine = new Engine({ transport, retry: resolveRetry(), concurrency: PENDING_MAX, name: 't' })
  for (let i = 0; i < blocks; i++) {
    const sealed = { bytes, release() {} }
    const rows = new BlockRows(i * ROWS, ROWS)
    engine.add(new Block(blockToken(uuid, i, '0123456789abcdef'), rows, sealed, target))
    if (engine.openCount >= PENDING_MAX) await engine.whenIdle()
  }
  await engine.whenIdle()
  if (engine.rows.acknowledged !== seen.size * ROWS) throw new Error('a block went twice, or not at all')
  return engine.rows.acknowledged
}
