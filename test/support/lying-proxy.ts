// An HTTP proxy in front of a real engine that lies about inserts: what is stored, and what the client is told of it, are two
// things. Everything but inserts passes. For bytes that are cut or stalled see fault-proxy.ts.

import { once } from 'node:events'
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

/** `stores`: whether the engine gets the block. The rest is what the client hears. */
export interface Lie {
  stores: boolean
  tell:
    | 'die' // the connection goes without a byte of an answer
    | 'hang' // nothing, and the connection stays
    | 'half' // headers and a part of the body that they announce
    | 'twice' // the true answer two times, on one connection
    | 'late' // the true answer after `delayMs`
    | { code: number; status: number } // an exception; with status 200 one inside a success
    | { status: number } // a gateway's answer
  delayMs?: number
}

export interface LyingProxy {
  readonly url: string
  /** Lies told so far. */
  readonly told: number
  /** Asked for every insert; undefined is the truth. */
  script(lieOf: () => Lie | undefined): void
  close(): void
}

export async function startLyingProxy(target: string): Promise<LyingProxy> {
  let lieOf: () => Lie | undefined = () => undefined
  let told = 0
  const server = createServer((request, response) => {
    void pass(request, response).catch(() => response.destroy())
  })

  async function pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const pieces: Buffer[] = []
    for await (const piece of request) pieces.push(piece)
    if (!request.complete) return
    const isInsert = /[?&]query=INSERT/i.test(request.url ?? '')
    const lie = isInsert ? lieOf() : undefined
    if (lie !== undefined) told++
    const answer = lie?.stores === false ? undefined : await forward(target, request, Buffer.concat(pieces))
    if (lie === undefined) return truth(response, answer!)
    await sleep(lie.delayMs ?? 0)
    tell(response, lie, answer)
  }

  server.keepAliveTimeout = 3_000
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as { port: number }).port}`,
    get told() {
      return told
    },
    script(next) {
      lieOf = next
    },
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}

interface Answer {
  status: number
  headers: IncomingMessage['headers']
  body: Buffer
}

async function forward(target: string, { method, url, headers }: IncomingMessage, body: Buffer): Promise<Answer> {
  const request = httpRequest(new URL(url ?? '/', target), { method, headers: whole(headers, body) })
  request.end(body)
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  const pieces: Buffer[] = []
  for await (const piece of response) pieces.push(piece)
  return { status: response.statusCode ?? 500, headers: response.headers, body: Buffer.concat(pieces) }
}

function truth(response: ServerResponse, { status, headers, body }: Answer): void {
  response.writeHead(status, whole(headers, body))
  response.end(body)
}

/** Headers of one connection, for a body that is there as a whole. */
function whole(headers: IncomingMessage['headers'], body: Buffer): IncomingMessage['headers'] {
  const { 'transfer-encoding': _, connection: __, 'keep-alive': ___, ...kept } = headers
  return { ...kept, 'content-length': String(body.length) }
}

function tell(response: ServerResponse, { tell: how }: Lie, answer: Answer | undefined): void {
  if (how === 'hang') return
  if (how === 'die') response.destroy()
  else if (how === 'half') {
    response.writeHead(200, { 'content-length': 10 })
    response.write('Co', () => response.destroy())
  } else if (how === 'twice') {
    if (answer === undefined) return void response.destroy()
    const { status, headers, body } = answer
    const code = headers['x-clickhouse-exception-code']
    const head = `HTTP/1.1 ${status} As told\r\n${code ? `X-ClickHouse-Exception-Code: ${code}\r\n` : ''}`
    const once = Buffer.concat([Buffer.from(`${head}Content-Length: ${body.length}\r\n\r\n`), body])
    response.socket?.write(Buffer.concat([once, once]))
  } else if (how === 'late') {
    if (answer === undefined) response.destroy()
    else truth(response, answer)
  } else if ('code' in how) {
    const body = `Code: ${how.code}. DB::Exception: as told. (TOLD) (version 26.7.2.1 (official build))\n`
    response.writeHead(how.status, how.status === 200 ? {} : { 'x-clickhouse-exception-code': String(how.code) })
    response.end(body)
  } else {
    response.writeHead(how.status)
    response.end('<html>a gateway</html>')
  }
}
