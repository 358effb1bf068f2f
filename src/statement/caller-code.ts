import type { Logger } from '../transport/transport.ts'

/**
 * Runs a listener or logger of the caller in the middle of a delivery. What it throws must not stop that: it becomes an
 * uncaught exception, as from a listener of any other emitter.
 */
export function callSafely(call: () => void): void {
  try {
    call()
  } catch (error) {
    // In a task of its own: thrown from a tick it would also end the socket callback that tick ran behind.
    setImmediate(() => {
      throw error
    })
  }
}

export function safeLogger(logger: Logger): Logger {
  return {
    debug: (message, fields) => callSafely(() => logger.debug(message, fields)),
    info: (message, fields) => callSafely(() => logger.info(message, fields)),
    warn: (message, fields) => callSafely(() => logger.warn(message, fields)),
    error: (message, fields) => callSafely(() => logger.error(message, fields)),
  }
}
