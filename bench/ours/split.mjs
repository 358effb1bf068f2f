// The block builder, and its blocks split by the day of their rows: as a statement with splitByPartition does, with nobody to take them.

import { STAGED } from '../../dist/block/builder.js'
import { PartitionKey } from '../../dist/block/partition/partition-key.js'
import { Splitter } from '../../dist/block/partition/splitter.js'
import { Zone } from '../../dist/block/partition/zone.js'
import { checkBlocks } from '../check.mjs'
import { columnsOf, rowsOf } from '../shapes.mjs'
import { builderOf } from './builder.mjs'

const TIME = { clickstream: 'action_time', log: 'time' }
const DAY_MS = 86_400_000

/**
 * @param partitions  of each block
 * @param isMixed     whether neighbours are of other days; else each day's rows follow each other
 * @param isSplit     false: the blocks alone, to compare with
 */
export async function create({ shape, rowCount, blockRows, partitions, isMixed, isSplit }) {
  const time = TIME[shape]
  const rows = rowsOf(shape, rowCount).map((row, i) => {
    const inBlock = i % blockRows
    const day = isMixed ? (inBlock * 7919) % partitions : Math.floor((inBlock * partitions) / blockRows)
    return { ...row, [time]: new Date(1_700_006_400_000 + day * DAY_MS + (inBlock % 1000) * 60_000) }
  })
  const columns = columnsOf(shape).map((column) => ({ ...column, defaultKind: '', defaultExpression: '' }))
  const key = await PartitionKey.of(`toDate(${time})`, columns, async () => Zone.utc)
  const splitter = new Splitter(key, false)
  const builder = builderOf(shape)

  const encode = (take) => {
    const seal = () => {
      const sealed = builder.seal()
      const splits = isSplit ? splitter.split(sealed) : undefined
      for (const one of splits?.map((split) => split.sealed) ?? [sealed]) {
        take(one)
        one.release()
      }
    }
    for (let i = 0; i < rows.length; i++) {
      if (builder.stage(rows[i], i) !== STAGED || (i + 1) % blockRows === 0) seal()
    }
  }
  const copies = []
  encode(({ bytes }) => copies.push(Buffer.from(bytes)))
  checkBlocks(Buffer.concat(copies), shape, isSplit ? inOrderOfBlocks(rows, blockRows, time) : rows)
  let blocks
  return {
    byteLength: 0,
    run() {
      blocks = 0
      encode(() => blocks++)
    },
    check() {
      const wanted = (rowCount / blockRows) * (isSplit ? partitions : 1)
      if (blocks !== wanted) throw new Error(`${blocks} blocks, not ${wanted}`)
    },
  }
}

/** Block by block, the rows of each day one after the other, days in the order of their first rows. */
function inOrderOfBlocks(rows, blockRows, time) {
  const ordered = []
  for (let first = 0; first < rows.length; first += blockRows) {
    const byDay = new Map()
    for (const row of rows.slice(first, first + blockRows)) {
      const day = Math.floor(row[time] / DAY_MS)
      if (!byDay.has(day)) byDay.set(day, [])
      byDay.get(day).push(row)
    }
    for (const group of byDay.values()) ordered.push(...group)
  }
  return ordered
}
