import { Writable } from 'node:stream'

export interface RowSink {
  /** Throws or rejects when the row is refused. */
  exec(row: object): Promise<void> | undefined
  execMany(rows: Iterable<object>): Promise<number>
  finish(): Promise<void>
}

/** Rows waiting in the stream before write() asks its writer to pause; rows in blocks are not counted. */
const WAITING_ROWS = 256

export function rowWritable(sink: RowSink): Writable {
  return new Writable({
    objectMode: true,
    highWaterMark: WAITING_ROWS,
    write(row, _encoding, done) {
      let pause: Promise<void> | undefined
      try {
        pause = sink.exec(row)
      } catch (error) {
        done(error as Error)
        return
      }
      if (pause === undefined) done()
      else pause.then(() => done(), done)
    },
    writev(chunks, done) {
      sink.execMany(chunks.map(({ chunk }) => chunk)).then(() => done(), done)
    },
    final(done) {
      sink.finish().then(() => done(), done)
    },
  })
}
