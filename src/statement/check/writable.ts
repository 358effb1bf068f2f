// Whether this user can insert into a table at all, and sluice write its columns.

import { SchemaError, ServerError } from '../../errors.ts'
import type { Settings, Transport } from '../../transport/transport.ts'
import { inTable } from '../table.ts'
import type { TableFacts } from './facts.ts'
import type { Finding, Session } from './promises.ts'

/** `plan` throws what prepare() would say of the columns. */
export async function writableFindings(
  transport: Transport,
  table: TableFacts,
  session: Session,
  settings: Settings,
  plan: () => Promise<void>,
): Promise<Finding[]> {
  const { quoted, engine } = table
  const no = (reason: string, remedy?: string): Finding => ({
    promise: 'writable',
    answer: 'no',
    reason,
    ...(remedy !== undefined && { remedy }),
  })
  const findings: Finding[] = []
  if (/^(View|LiveView|WindowView|Dictionary|SystemNumbers|Merge)$/.test(engine)) {
    findings.push(no(`${quoted} is a ${engine}, which takes no rows.`))
  }
  // With 1 and 2 alike the server refuses inserts (164; measured on 18.16).
  if (/^[12]$/.test(session.value('readonly') ?? '')) {
    findings.push(
      no(
        `This user may only read: the setting readonly is ${session.value('readonly')}.`,
        'Connect as a user whose profile has readonly = 0.',
      ),
    )
  } else {
    findings.push(...(await ofSettings(transport, settings)))
  }
  try {
    await plan()
  } catch (error) {
    if (!(error instanceof SchemaError)) throw error
    findings.push(no(error.message.split('\n', 1)[0]!, error.hint))
  }
  const granted = await mayInsert(transport, table, session)
  if (granted === 'no') findings.push(no('This user has no right to insert.', `GRANT INSERT ON ${quoted} TO <user>`))
  if (granted === 'unproven') {
    findings.push({
      promise: 'writable',
      answer: 'unproven',
      reason: 'Whether this user may insert is not known: the server does not say (CHECK GRANT).',
    })
  }
  if (table.isReplicated && (await isReadOnlyReplica(transport, table))) {
    findings.push(
      no(
        `This replica of ${quoted} is read-only: it has lost its Keeper, or its state there.`,
        'Look at system.replicas (is_readonly, last_queue_update_exception) and the server’s log.',
      ),
    )
  }
  return findings
}

/** A SELECT that carries what every insert carries: names that the server does not know, and values that it does not take. */
async function ofSettings(transport: Transport, settings: Settings): Promise<Finding[]> {
  try {
    await transport.query('SELECT 1', { settings })
    return []
  } catch (error) {
    if (!(error instanceof ServerError)) throw error
    const { serverCode, serverName, reason: said, retryable } = error
    const reason = `The server does not take the settings of these inserts: Code ${serverCode} ${serverName}: ${said}`
    return [{ promise: 'writable', answer: retryable ? 'unproven' : 'no', reason }]
  }
}

async function mayInsert(
  transport: Transport,
  { quoted }: TableFacts,
  session: Session,
): Promise<'yes' | 'no' | 'unproven'> {
  if (session.release[0] < 20) return 'yes' // there are no grants before 20.1, only readonly
  try {
    const [row] = await transport.query(`CHECK GRANT INSERT ON ${quoted}`)
    return Number(Object.values(row ?? {})[0]) === 1 ? 'yes' : 'no'
  } catch (error) {
    if (!(error instanceof ServerError)) throw error
    return 'unproven'
  }
}

async function isReadOnlyReplica(transport: Transport, { name }: TableFacts): Promise<boolean> {
  try {
    const [row] = await transport.query(`SELECT is_readonly FROM system.replicas WHERE ${inTable(name, 'table')}`)
    return Number(row?.is_readonly ?? 0) === 1
  } catch (error) {
    if (!(error instanceof ServerError)) throw error
    return false // who may not look is told by the first insert
  }
}
