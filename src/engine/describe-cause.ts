import { SchemaError, SluiceError } from '../errors.ts'

/** One line on an error for a log or a message: of most only the code, because the server's own words may quote a row. */
export function describeCause(error: unknown): string {
  if (error instanceof SchemaError) return error.message.split('\n', 1)[0]!
  if (error instanceof SluiceError) {
    const { serverCode, serverName } = error as { serverCode?: number; serverName?: string }
    return serverCode === undefined ? error.code : `Code ${serverCode}${serverName ? ` ${serverName}` : ''}`
  }
  return error instanceof Error ? error.name : typeof error
}
