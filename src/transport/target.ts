import { fileURLToPath } from 'node:url'
import type { ClickHouseClient } from '@clickhouse/client'
import { show, UsageError } from '../errors.ts'
import { closestName } from '../types/closest.ts'
import { chdbTransport } from './chdb.ts'
import { fileTransport } from './file.ts'
import type { LoadBalancing } from './hosts.ts'
import { httpTransport } from './http.ts'
import type { Logger, Transport } from './transport.ts'

/** Where the rows go. `connect` adds its own options to these. */
export interface TargetOptions {
  url?: string | readonly string[]
  username?: string
  password?: string
  database?: string
  /** An existing @clickhouse/client; `url` then only names the host in messages. */
  client?: ClickHouseClient
  /** 'lz4' makes a file hold compressed frames. */
  compression?: 'lz4' | 'none'
  ca?: string | Buffer
  cert?: string | Buffer
  key?: string | Buffer
  /** Which of several hosts a block goes to: 'in_order', the default, the first that answers; 'round_robin' one after the other. */
  loadBalancing?: LoadBalancing
  /** ms for the first answer of a host, and for each new connection; default 10,000. */
  connectTimeout?: number
  logger?: Logger
}

export interface OpenedTarget {
  /** The target without user and password: `a:8123,b:8123`, `chdb:./dir`, `file:out.native`. */
  readonly name: string
  readonly transport: Transport
  /** The database of unqualified table names; empty where the server's own default applies (an existing client) or there is none. */
  readonly database: string
}

const OPTION_NAMES = [
  'url',
  'username',
  'password',
  'database',
  'client',
  'compression',
  'ca',
  'cert',
  'key',
  'loadBalancing',
  'connectTimeout',
  'logger',
] as const

/**
 * Makes the transport of a target; nothing is opened or sent before `ping`.
 *
 *   'http://user:pass@host:8123/db'   also https; several hosts by commas: 'http://user:pass@a:8123,b:8123/db'
 *   'chdb:'  'chdb:./dir'             the embedded engine, in memory or in a directory
 *   'file:out.native'  'file:-'       the blocks themselves
 *
 * @param otherNames  options of the caller that are not for the transport, so that a misspelled one is still found
 * @throws {UsageError}  BAD_OPTION naming what is wrong
 */
export function openTransport(target: string | TargetOptions, otherNames: readonly string[] = []): OpenedTarget {
  const options: TargetOptions = typeof target === 'string' ? { url: target } : target
  refuseUnknown(options, [...OPTION_NAMES, ...otherNames])
  const { url, client, connectTimeout = 10_000 } = options
  if (!(Number.isFinite(connectTimeout) && connectTimeout > 0)) {
    throw new UsageError('BAD_OPTION', 'connectTimeout is a number of milliseconds above 0.')
  }
  if (url === undefined || url.length === 0) {
    if (client === undefined) {
      throw new UsageError('BAD_OPTION', 'No target: url is missing.', { hint: EXAMPLES })
    }
    return openHttp(['http://client'], options, connectTimeout)
  }
  const urls = typeof url === 'string' ? splitHosts(url) : url.flatMap(splitHosts)
  const [first] = urls as [string]
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(first)?.[1]?.toLowerCase()
  switch (scheme) {
    case 'http':
    case 'https':
      return openHttp(urls, options, connectTimeout)
    case 'chdb': {
      const directory = first.slice('chdb:'.length)
      refuseOptions(options, 'chdb:', ['client', 'username', 'password', 'ca', 'cert', 'key', 'loadBalancing'])
      return {
        transport: chdbTransport({ directory: directory || undefined }),
        database: options.database ?? 'default',
        name: first,
      }
    }
    case 'file': {
      const path = first.startsWith('file://') ? fileURLToPath(first) : first.slice('file:'.length)
      if (path === '')
        throw new UsageError('BAD_OPTION', 'file: names no file.', {
          hint: 'file:out.native, or file:- for standard output.',
        })
      refuseOptions(options, 'file:', [
        'client',
        'username',
        'password',
        'database',
        'ca',
        'cert',
        'key',
        'loadBalancing',
      ])
      return {
        transport: fileTransport({ path, compressed: options.compression === 'lz4' }),
        database: '',
        name: first,
      }
    }
    default:
      throw unknownScheme(first, scheme)
  }
}

const EXAMPLES = 'http://user:password@host:8123/database, chdb:, chdb:./directory, or file:out.native.'

/** 'http://u:p@a:8123,b:8123/db' → one URL per host; 'http://a/db,http://b/db' likewise. */
function splitHosts(url: string): string[] {
  if (!/^https?:\/\//i.test(url)) return [url]
  return url.split(/,(?=https?:\/\/)/i).flatMap((part) => {
    const [, scheme, user, hosts, path] = /^(https?:\/\/)((?:[^/?#]*@)?)([^/?#]*)(.*)$/is.exec(
      part,
    ) as unknown as string[]
    return hosts!.split(',').map((host) => `${scheme}${user}${host}${path}`)
  })
}

function openHttp(texts: readonly string[], options: TargetOptions, connectTimeoutMs: number): OpenedTarget {
  const urls = texts.map(parseUrl)
  const username = agreed(
    'username',
    urls.map((url) => decode(url.username)),
    options.username,
  )
  const password = agreed(
    'password',
    urls.map((url) => decode(url.password)),
    options.password,
  )
  const database = agreed(
    'database',
    urls.map((url) => decode(url.pathname.slice(1))),
    options.database,
  )
  if (database?.includes('/')) {
    throw new UsageError('BAD_OPTION', `The path of the URL is the database, one name: /${database} is more.`)
  }
  assertDistinct(urls, options.client)
  const { ca, cert, key, client, logger, loadBalancing = 'in_order' } = options
  if (loadBalancing !== 'in_order' && loadBalancing !== 'round_robin') {
    throw new UsageError('BAD_OPTION', `loadBalancing is 'in_order' or 'round_robin', not ${show(loadBalancing)}.`)
  }
  if ((cert === undefined) !== (key === undefined)) {
    throw new UsageError('BAD_OPTION', 'cert and key go together: a client certificate needs its private key.')
  }
  const transport = httpTransport({
    urls: urls.map((url) => new URL(url.origin)),
    username: username ?? 'default',
    password: password ?? '',
    database: database ?? 'default',
    tls: { ca, cert, key },
    client,
    loadBalancing,
    logger,
    connectTimeoutMs,
  })
  return {
    transport,
    database: database ?? (client === undefined ? 'default' : ''),
    name: urls.map(({ host }) => host).join(','),
  }
}

function assertDistinct(urls: readonly URL[], client: ClickHouseClient | undefined): void {
  const names = urls.map(({ host }) => host)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) throw new UsageError('BAD_OPTION', `The host ${twice} is given twice.`)
  if (client !== undefined && names.length > 1) {
    throw new UsageError('BAD_OPTION', 'A client speaks to one host, and several are given.', {
      hint: 'Give the hosts without `client`: sluice makes its own client for each.',
    })
  }
}

function parseUrl(text: string): URL {
  if (/^[^/]*\/\/[^/?#]*[/?#].*@/s.test(text)) {
    throw new UsageError('BAD_OPTION', `${withoutPassword(text)} has an @ behind the host.`, {
      hint: `Percent-encode special characters of the password: %2F for /, %3F for ?, %23 for #. ${EXAMPLES}`,
    })
  }
  let url: URL
  try {
    url = new URL(text)
  } catch {
    throw new UsageError('BAD_OPTION', `${withoutPassword(text)} is no URL.`, {
      hint: `Percent-encode special characters. ${EXAMPLES}`,
    })
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new UsageError('BAD_OPTION', 'Several hosts must all be http:// or https://.')
  }
  const [parameter] = url.searchParams.keys()
  if (parameter !== undefined) {
    throw new UsageError('BAD_OPTION', `The URL carries a parameter (${parameter}).`, {
      hint: 'Options are given beside the URL, server settings in `settings`.',
    })
  }
  return url
}

/** One value for all hosts, from the URLs or beside them; empty in a URL means not given. */
function agreed(name: string, fromUrls: readonly string[], option: string | undefined): string | undefined {
  const values = new Set(fromUrls.filter((value) => value !== ''))
  if (option !== undefined) values.add(option)
  if (values.size > 1) {
    throw new UsageError('BAD_OPTION', `${name} is given more than once, with different values.`, {
      hint: 'Give it once: in the URL or as an option; all hosts share it.',
    })
  }
  return [...values][0]
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text // a lone % that the URL parser let through
  }
}

function unknownScheme(target: string, scheme: string | undefined): UsageError {
  const shown = withoutPassword(target)
  if (scheme === 'clickhouse' || scheme === 'tcp' || scheme === 'native') {
    return new UsageError('BAD_OPTION', `${shown}: sluice speaks HTTP, not the native protocol.`, {
      hint: 'Use http://host:8123 (TLS: https://host:8443).',
    })
  }
  // 'localhost:8123' parses as a scheme, too.
  if (scheme === undefined || /^[^/]*:\d+(\/|$)/.test(target)) {
    return new UsageError('BAD_OPTION', `${shown} has no scheme.`, {
      hint: `Did you mean http://${shown}? ${EXAMPLES}`,
    })
  }
  const meant = closestName(scheme, ['http', 'https', 'chdb', 'file'])
  return new UsageError('BAD_OPTION', `${scheme}: is no target.`, {
    hint: meant === undefined ? EXAMPLES : `Did you mean ${meant}:? ${EXAMPLES}`,
  })
}

/** Whatever could be part of one is hidden: in a text that is no URL, a password may hold any character. */
function withoutPassword(text: string): string {
  return text.replace(/^((?:[a-z][a-z0-9+.-]*:\/\/)?[^:@/]*):.*@/is, '$1:***@')
}

function refuseOptions(options: TargetOptions, scheme: string, names: readonly (keyof TargetOptions)[]): void {
  const given = names.find((name) => options[name] !== undefined)
  if (given !== undefined) throw new UsageError('BAD_OPTION', `${given} means nothing for a ${scheme} target.`)
}

/** BAD_OPTION for a key that is none of `names`, with the one that was probably meant. */
export function refuseUnknown(options: object, names: readonly string[]): void {
  for (const name of Object.keys(options)) {
    if (names.includes(name)) continue
    const meant = closestName(name, names)
    throw new UsageError('BAD_OPTION', `Unknown option ${JSON.stringify(name)}.`, {
      hint: meant === undefined ? `Known: ${names.join(', ')}.` : `Did you mean ${meant}?`,
    })
  }
}
