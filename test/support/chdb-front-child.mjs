// The process behind chdb-front.ts: ClickHouse's HTTP interface, as much of it as inserts need, over the embedded engine.
// Plain JavaScript, because Node 20 runs it as it stands.

import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Session } from 'chdb'

const { directory, port, users, configFile } = JSON.parse(process.argv[2])

const session = new Session(directory, configFile && { connectionArgs: [`--config-file=${configFile}`] })
const scratch = mkdtempSync(join(tmpdir(), 'sluice-front-'))
const blockFile = join(scratch, 'block.native')
const blockFd = openSync(blockFile, 'w+')
/** Inserts until this process kills itself with the block stored and nobody told. */
let insertsUntilDeath = 0
let queue = Promise.resolve()
const runningIds = new Set()

// Parameters of the HTTP interface itself; every other one is a setting.
const RESERVED = new Set([
  'query',
  'query_id',
  'database',
  'default_format',
  'decompress',
  'compress',
  'user',
  'password',
  'session_id',
  'wait_end_of_query',
  'buffer_size',
  'enable_http_compression',
])

const server = createServer(async (request, response) => {
  const url = new URL(request.url, 'http://front')
  if (url.pathname === '/ping') return answer(response, 200, 'Ok.\n')
  const body = await readBody(request)
  if (body === undefined) return // the client left in the middle: nothing is executed, as on a real server
  const queryId = url.searchParams.get('query_id') ?? crypto.randomUUID()
  response.setHeader('X-ClickHouse-Query-Id', queryId)
  response.setHeader('X-ClickHouse-Server-Display-Name', 'front')
  try {
    authenticate(request, url.searchParams)
    if (runningIds.has(queryId)) {
      throw exception(216, `Query with id = ${queryId} is already running. (QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING)`)
    }
    runningIds.add(queryId)
    try {
      const task = queue.then(() => execute(url.searchParams, request.headers, body))
      queue = task.catch(() => {})
      const { text, rows } = await task
      const summary = { read_rows: '0', read_bytes: '0', written_rows: String(rows), written_bytes: '0' }
      response.setHeader('X-ClickHouse-Summary', JSON.stringify(summary))
      answer(response, 200, text)
    } finally {
      runningIds.delete(queryId)
    }
  } catch (error) {
    const code = Number(/Code: (\d+)/.exec(error.message)?.[1] ?? 1001)
    response.setHeader('X-ClickHouse-Exception-Code', String(code))
    // A server reads the body, not a file.
    const message = error.message.replace(/: \(in file\/uri [^)]*\)|: While executing File.*? from file/g, '')
    answer(response, statusOf(code), `${message}\n`)
  }
})

async function execute(params, headers, body) {
  const database = params.get('database') ?? headers['x-clickhouse-database'] ?? 'default'
  await run(`USE \`${database.replace(/[\\`]/g, '\\$&')}\``)
  const settings = [...params].filter(([name]) => !RESERVED.has(name))
  if (settings.length > 0) {
    await run(`SET ${settings.map(([name, value]) => `${name} = '${value.replace(/[\\']/g, '\\$&')}'`).join(', ')}`)
  }
  try {
    const data = params.get('decompress') === '1' ? decompress(body) : body
    const insert = /^(\s*INSERT\s.*\S)\s+FORMAT\s+(\w+)\s*$/is.exec(params.get('query') ?? '')
    if (insert !== null) return { text: '', rows: await insertBody(insert[1], insert[2], data) }
    const sql = [params.get('query'), data.toString('utf8')].filter(Boolean).join('\n')
    const format = params.get('default_format') ?? headers['x-clickhouse-format'] ?? 'TabSeparated'
    const result = await session.queryAsync(sql, { format })
    return { text: Buffer.from(result.bytes()), rows: 0 }
  } finally {
    if (settings.length > 0) await run(`SET ${settings.map(([name]) => `${name} = DEFAULT`).join(', ')}`)
  }
}

async function insertBody(head, format, data) {
  ftruncateSync(blockFd, data.length)
  for (let offset = 0; offset < data.length; ) offset += writeSync(blockFd, data, offset, data.length - offset, offset)
  const result = await session.queryAsync(`${head} FROM INFILE '${blockFile}' COMPRESSION 'none' FORMAT ${format}`)
  if (insertsUntilDeath > 0 && --insertsUntilDeath === 0) {
    rmSync(scratch, { recursive: true, force: true })
    process.kill(process.pid, 'SIGKILL')
    await new Promise(() => {})
  }
  return result.rowsRead
}

async function run(sql) {
  await session.queryAsync(sql)
}

function authenticate(request, params) {
  const basic = /^Basic (.*)$/i.exec(request.headers.authorization ?? '')?.[1]
  const pair = basic === undefined ? '' : Buffer.from(basic, 'base64').toString('utf8')
  const name = params.get('user') ?? request.headers['x-clickhouse-user'] ?? (pair.split(':', 1)[0] || 'default')
  const password = params.get('password') ?? request.headers['x-clickhouse-key'] ?? pair.slice(pair.indexOf(':') + 1)
  if (users[name] === password) return
  throw exception(
    516,
    `${name}: Authentication failed: password is incorrect, or there is no user with such name. (AUTHENTICATION_FAILED)`,
  )
}

function exception(code, text) {
  return new Error(`Code: ${code}. DB::Exception: ${text} (version 26.7.2.1 (official build))`)
}

// ClickHouse, HTTPHandler: exceptionCodeToHTTPStatus.
function statusOf(code) {
  if ([36, 38, 41, 53, 62, 72, 117, 386].includes(code)) return 400
  if ([192, 193, 291, 497, 516].includes(code)) return 403
  if ([46, 47, 50, 56, 60, 63, 73, 81, 115].includes(code)) return 404
  return 500
}

/** Undefined when the request was cut. */
async function readBody(request) {
  const pieces = []
  try {
    for await (const piece of request) pieces.push(piece)
  } catch {
    return undefined
  }
  return request.complete ? Buffer.concat(pieces) : undefined
}

function answer(response, status, body) {
  response.statusCode = status
  response.setHeader('Content-Type', 'text/plain; charset=UTF-8')
  response.end(body)
}

// ClickHouse frames: 16 bytes of checksum, method, u32 sizes (with header, uncompressed), body. Not our own decoder, which it
// helps to test; the checksum is left to the tests with the real server.
function decompress(bytes) {
  const blocks = []
  for (let at = 0; at < bytes.length; ) {
    if (bytes.length - at < 25) throw exception(32, 'Attempt to read after eof. (ATTEMPT_TO_READ_AFTER_EOF)')
    const method = bytes[at + 16]
    const end = at + 16 + bytes.readUInt32LE(at + 17)
    const byteLength = bytes.readUInt32LE(at + 21)
    if (end > bytes.length) throw exception(33, 'Cannot read all data. (CANNOT_READ_ALL_DATA)')
    const body = bytes.subarray(at + 25, end)
    if (method === 0x02) blocks.push(body)
    else if (method === 0x82) blocks.push(decodeLz4(body, byteLength))
    else throw exception(432, `Unknown codec family code: ${method}. (UNKNOWN_CODEC)`)
    at = end
  }
  return Buffer.concat(blocks)
}

function decodeLz4(input, byteLength) {
  const output = Buffer.alloc(byteLength)
  let from = 0
  let to = 0
  const length = (start) => {
    let value = start
    if (start === 15) {
      let more = 255
      while (more === 255) {
        more = input[from++]
        value += more
      }
    }
    return value
  }
  while (from < input.length) {
    const token = input[from++]
    const literals = length(token >> 4)
    input.copy(output, to, from, from + literals)
    from += literals
    to += literals
    if (from >= input.length) break
    const offset = input.readUInt16LE(from)
    from += 2
    const matched = length(token & 15) + 4
    for (const end = to + matched; to < end; to++) output[to] = output[to - offset]
  }
  if (to !== byteLength) throw exception(271, 'Cannot decompress. (CANNOT_DECOMPRESS)')
  return output
}

function shutDown() {
  server.close()
  server.closeAllConnections()
  queue.finally(() => {
    session.close()
    closeSync(blockFd)
    rmSync(scratch, { recursive: true, force: true })
    process.exit(0)
  })
}

process.on('message', (message) => {
  if (message.dieAfterInserts !== undefined) {
    insertsUntilDeath = message.dieAfterInserts
    process.send({ ready: true })
  } else shutDown()
})
process.on('disconnect', shutDown)
server.keepAliveTimeout = 3_000
server.listen(port, '127.0.0.1', () => process.send({ port: server.address().port }))
