import type { InsertRequest, Transport } from '../transport/transport.ts'
import type { Block } from './block.ts'
import { blockMessage, channels, Failure, type SettledState } from './channels.ts'

/** A table by its name. */
export interface Place {
  readonly database: string
  readonly table: string
}

/** Sees what happens to the blocks of a connection, and tells those who listen to the channels. */
export class Observer {
  /** A block stands in line to be sent: it was sealed, cut from another, or given to deliver(). */
  sealed(block: Block): void {
    if (channels.sealed.hasSubscribers) channels.sealed.publish(blockMessage(block))
  }

  /** Nothing more happens to it here. */
  settled(block: Block, state: SettledState, error: unknown): void {
    if (!channels.settled.hasSubscribers) return
    channels.settled.publish({
      ...blockMessage(block),
      state,
      ...(error !== undefined && { error: new Failure(error) }),
    })
  }

  retrying(block: Block, error: unknown, delayMs: number): void {
    if (channels.retry.hasSubscribers) {
      channels.retry.publish({ ...blockMessage(block), error: new Failure(error), delayMs })
    }
  }

  waiting({ database, table }: Place, pendingBlocks: number): void {
    if (channels.wait.hasSubscribers) channels.wait.publish({ database, table, pendingBlocks })
  }

  drained({ database, table }: Place, waitedMs: number): void {
    if (channels.drain.hasSubscribers) channels.drain.publish({ database, table, waitedMs })
  }

  /** One attempt. */
  async insert(block: Block, transport: Transport, request: InsertRequest): Promise<void> {
    if (!channels.insert.hasSubscribers) return void (await transport.insert(request))
    const { queryId, compressed } = request
    let thrown: unknown
    // What is traced fails with the Failure; whoever awaits here gets the error itself.
    const send = async () => {
      try {
        return await transport.insert(request)
      } catch (error) {
        thrown = error
        throw new Failure(error)
      }
    }
    const message = { ...blockMessage(block), queryId, host: transport.host, compressed }
    await channels.insert.tracePromise(send, message).catch(() => {
      throw thrown
    })
  }
}
