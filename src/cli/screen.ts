// stderr: messages, and under them the live line.

import type { Logger } from '../transport/transport.ts'
import type { Progress } from './progress.ts'

export class Screen {
  progress: Progress | undefined

  message(text: string): void {
    this.progress?.clear()
    process.stderr.write(`sluice: ${text}\n`)
  }

  /** Warnings of the library: a promise that a table cannot hold, a block that is sent again. */
  readonly logger: Logger = {
    debug() {},
    info() {},
    warn: (message, fields) => {
      if (message === 'check') this.message(`note: ${fields?.warning}`)
      // Where there is a live line, it says so for as long as it is so.
      else if (message === 'retry' && this.progress === undefined)
        this.message(`${fields?.table}: a block is sent again (${fields?.cause})`)
    },
    error() {}, // the error itself is printed at the end
  }
}
