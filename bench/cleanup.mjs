/**
 * Runs `remove`, which must be synchronous, when the process ends before its time: by an error, Ctrl-C or SIGTERM.
 *
 * @returns  a function to call when all went well: it does the same now, and nothing at the end
 */
export function atEnd(remove) {
  const interrupted = () => process.exit(130)
  process.once('exit', remove)
  process.once('SIGINT', interrupted)
  process.once('SIGTERM', interrupted)
  return () => {
    process.removeListener('exit', remove)
    process.removeListener('SIGINT', interrupted)
    process.removeListener('SIGTERM', interrupted)
    remove()
  }
}
