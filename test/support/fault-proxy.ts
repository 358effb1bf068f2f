// A TCP proxy between a client and a server that cuts, stalls and throttles at chosen bytes. Connections outlive requests
// (keep-alive), so a fault is armed "from now on": its byte counts start when it is armed, on open connections and on the next.

import { once } from 'node:events'
import { createConnection, createServer, type Server, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

export interface Fault {
  /** Forward this many bytes of what the client sends, then cut. */
  cutRequestAt?: number
  /** Forward this many bytes of what the server sends, then cut; 0 lets the server work and swallows its answer. */
  cutResponseAt?: number
  /** Forward this many bytes, then nothing more in this direction; the connection stays. */
  stallRequestAt?: number
  stallResponseAt?: number
  /** A new connection is cut before a byte of it is forwarded. */
  cutOnConnect?: boolean
  /** 'close' (FIN, the default) or 'reset' (RST). */
  how?: 'close' | 'reset'
}

export interface FaultProxy {
  readonly url: string
  readonly port: number
  /** Connections accepted so far, and those open now. */
  readonly connectionCount: number
  readonly openCount: number
  /** Bytes forwarded so far. */
  readonly requestBytes: number
  readonly responseBytes: number
  /** What each connection sent, when started with `record`. */
  readonly recorded: readonly Buffer[]
  /** Faults that struck so far. */
  readonly struckCount: number
  /** The fault strikes once, on the first connection that reaches its byte; `undefined` disarms. */
  arm(fault: Fault | undefined): void
  /** A fault for each new connection by its number from 0; it stays with that connection. Replaces `arm`. */
  program(faultOf: ((connection: number) => Fault | undefined) | undefined): void
  /** Bytes per second towards the server; undefined: as fast as it goes. */
  throttle(bytesPerSecond: number | undefined): void
  /** Cuts every open connection now. */
  cutAll(how?: 'close' | 'reset'): void
  /** Refuses connections (nobody listens) until `up`. Open ones stay. */
  down(): Promise<void>
  up(): Promise<void>
  close(): Promise<void>
}

export async function startFaultProxy(target: string, options: { record?: boolean } = {}): Promise<FaultProxy> {
  const { hostname, port } = new URL(target)
  const proxy = new RunningProxy(hostname, Number(port), options.record ?? false)
  await proxy.up()
  return proxy
}

class RunningProxy implements FaultProxy {
  port = 0
  connectionCount = 0
  requestBytes = 0
  responseBytes = 0
  struckCount = 0
  readonly recorded: Buffer[] = []
  readonly #links = new Set<Link>()
  #server: Server | undefined
  #armed: Fault | undefined
  #program: ((connection: number) => Fault | undefined) | undefined
  bytesPerSecond: number | undefined

  constructor(
    readonly host: string,
    readonly targetPort: number,
    readonly record: boolean,
  ) {}

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  get openCount(): number {
    return this.#links.size
  }

  arm(fault: Fault | undefined): void {
    this.#armed = fault
    for (const link of this.#links) link.arm(fault)
  }

  program(faultOf: ((connection: number) => Fault | undefined) | undefined): void {
    this.#armed = undefined
    this.#program = faultOf
  }

  throttle(bytesPerSecond: number | undefined): void {
    this.bytesPerSecond = bytesPerSecond
  }

  cutAll(how: 'close' | 'reset' = 'close'): void {
    for (const link of this.#links) link.cut(how)
  }

  async up(): Promise<void> {
    const server = createServer({ pauseOnConnect: true }, (socket) => this.#accept(socket))
    server.listen(this.port, '127.0.0.1')
    await once(server, 'listening')
    this.port = (server.address() as { port: number }).port
    this.#server = server
  }

  async down(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    server?.close() // its 'close' event would wait for the open connections
  }

  async close(): Promise<void> {
    await this.down()
    this.cutAll('reset')
  }

  #accept(client: Socket): void {
    const number = this.connectionCount++
    const fault = this.#program === undefined ? this.#armed : this.#program(number)
    if (this.record) this.recorded[number] = Buffer.alloc(0)
    const link = new Link(this, number, client, fault)
    this.#links.add(link)
    client.once('close', () => this.#links.delete(link))
    if (fault?.cutOnConnect) link.strike(fault)
  }

  struck(fault: Fault): void {
    this.struckCount++
    if (fault === this.#armed) this.arm(undefined)
  }
}

/** One connection: two directions, each counted. */
class Link {
  readonly #proxy: RunningProxy
  readonly #client: Socket
  readonly #server: Socket
  #fault: Fault | undefined
  #requestBytes = 0
  #responseBytes = 0

  constructor(proxy: RunningProxy, number: number, client: Socket, fault: Fault | undefined) {
    this.#proxy = proxy
    this.#client = client
    this.#fault = fault
    this.#server = createConnection({ host: proxy.host, port: proxy.targetPort })
    for (const socket of [client, this.#server]) {
      socket.on('error', () => {}) // 'close' follows
      socket.once('close', () => this.cut('close'))
    }
    void this.#pump(client, this.#server, (bytes) => {
      if (proxy.record) proxy.recorded[number] = Buffer.concat([proxy.recorded[number]!, bytes])
      proxy.requestBytes += bytes.length
      this.#requestBytes += bytes.length
      return this.#allowed(this.#requestBytes, bytes.length, this.#fault?.cutRequestAt, this.#fault?.stallRequestAt)
    })
    void this.#pump(this.#server, client, (bytes) => {
      proxy.responseBytes += bytes.length
      this.#responseBytes += bytes.length
      return this.#allowed(this.#responseBytes, bytes.length, this.#fault?.cutResponseAt, this.#fault?.stallResponseAt)
    })
  }

  arm(fault: Fault | undefined): void {
    this.#fault = fault
    this.#requestBytes = 0
    this.#responseBytes = 0
  }

  cut(how: 'close' | 'reset'): void {
    for (const socket of [this.#client, this.#server]) {
      if (how === 'reset') socket.resetAndDestroy()
      else socket.destroy()
    }
  }

  strike(fault: Fault): void {
    this.#proxy.struck(fault)
    this.cut(fault.how ?? 'close')
  }

  /** How many of the last `length` bytes still go through; the rest is where the fault is. */
  #allowed(total: number, length: number, cutAt: number | undefined, stallAt: number | undefined) {
    const limit = cutAt ?? stallAt
    if (limit === undefined || total < limit || (cutAt === undefined && total === limit)) return { length }
    return {
      length: Math.max(0, length - (total - limit)),
      fault: cutAt === undefined ? undefined : this.#fault,
      stalled: true,
    }
  }

  async #pump(
    from: Socket,
    to: Socket,
    count: (bytes: Buffer) => { length: number; fault?: Fault; stalled?: boolean },
  ): Promise<void> {
    try {
      for await (const whole of from as AsyncIterable<Buffer>) {
        for (const bytes of this.#slices(whole, from === this.#client)) {
          const { length, fault, stalled } = count(bytes)
          if (length > 0 && !to.write(bytes.subarray(0, length))) await drained(to)
          if (fault !== undefined) {
            // What was let through must arrive before the connection goes.
            await flushed(to)
            this.strike(fault)
            return
          }
          if (stalled) return await once(from, 'close').then(() => {})
          const rate = this.#proxy.bytesPerSecond
          if (rate !== undefined && from === this.#client) await sleep((length / rate) * 1000)
        }
      }
      to.end()
    } catch {
      this.cut('close') // one side broke: so does the other
    }
  }

  *#slices(bytes: Buffer, isRequest: boolean): Iterable<Buffer> {
    const rate = this.#proxy.bytesPerSecond
    const step = rate !== undefined && isRequest ? Math.max(1, Math.floor(rate / 20)) : bytes.length
    for (let offset = 0; offset < bytes.length; offset += step) yield bytes.subarray(offset, offset + step)
  }
}

async function drained(socket: Socket): Promise<void> {
  if (socket.writableNeedDrain && !socket.destroyed) await Promise.race([once(socket, 'drain'), once(socket, 'close')])
}

async function flushed(socket: Socket): Promise<void> {
  if (socket.connecting) await Promise.race([once(socket, 'connect'), once(socket, 'close')])
  if (!socket.destroyed) await new Promise<void>((resolve) => socket.write('', () => resolve()))
  await sleep(20) // the other side reads what is in the kernel before a reset drops it
}
