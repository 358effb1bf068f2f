// The row shapes every question about rows is asked of. Rows are objects by column name, the same in every run and every process.
//
//   clickstream   6 columns    a short text, two codes, an array of three, a Date and a DateTime as Date objects
//   log           7 columns    a Date object, three repeating texts, a message of 60 to 160 characters, two numbers
//   metrics      20 columns    a Date object and 19 numbers
//   texts         9 columns    a UUID, a decimal and an enum's label as texts, two columns with NULLs, a Bool, three texts of 10 to 30
//   id            1 column     a number up to 2^52 for a UInt64
//   four          4 columns    the table of clickhouse-go's published benchmark: a number, a text of 26, an array of nine, a Date object
//   n x type      n columns    of one type: see wideShape()
//   <name>, plain              the same with what JSON carries unchanged, into a server of 2018: see plainShape()
//
// Texts are flat and every row has its own, as they are when they were read from a socket: V8 then knows none of them by address.

import { random } from './random.mjs'

const SHAPES = {
  clickstream: {
    columns: {
      country_code: 'String',
      os_id: 'UInt8',
      browser_id: 'UInt8',
      categories: 'Array(Int16)',
      action_day: 'Date',
      action_time: 'DateTime',
    },
    row: clickstreamRow,
  },
  log: {
    columns: {
      time: 'DateTime64(3)',
      level: 'LowCardinality(String)',
      service: 'LowCardinality(String)',
      host: 'LowCardinality(String)',
      message: 'String',
      status: 'UInt16',
      duration: 'Float64',
    },
    row: logRow,
  },
  metrics: {
    columns: {
      id: 'UInt64',
      ts: 'DateTime',
      ...numbered('f', 10, 'Float64'),
      ...numbered('u', 5, 'UInt32'),
      ...numbered('i', 3, 'Int64'),
    },
    row: metricsRow,
  },
  texts: {
    columns: {
      uid: 'UUID',
      name: 'Nullable(String)',
      score: 'Nullable(Int32)',
      amount: 'Decimal(18, 4)',
      kind: "Enum8('alpha' = 1, 'beta' = 2, 'gamma' = 3, 'delta' = 4)",
      flag: 'Bool',
      s1: 'String',
      s2: 'String',
      s3: 'String',
    },
    row: textsRow,
  },
  id: { columns: { id: 'UInt64' }, row: idRow },
  four: { columns: { Col1: 'UInt64', Col2: 'String', Col3: 'Array(UInt8)', Col4: 'DateTime' }, row: fourRow },
}

/** Those that most questions are asked of, and all of them. */
export const SHAPE_NAMES = ['clickstream', 'log', 'metrics']
export const ALL_SHAPES = Object.keys(SHAPES)

/** Values of a column of a wide table. */
const WIDE = {
  Float64: (i) => i * 1.5 + 0.1,
  UInt32: (i) => i * 7,
  'Nullable(Int64)': (i) => (i % 3 ? i : null),
  String: (i) => `value ${i % 1000}`,
  'String, 25 characters': (i) => `value ${i % 1000} of a longer text`.slice(0, 25),
  'LowCardinality(String)': (i) => `value ${i % 50}`,
}

export const WIDE_KINDS = Object.keys(WIDE)

/** A name for a table of `count` columns of one kind, all that is said of it elsewhere. */
export function wideShape(kind, count) {
  return `${count} x ${kind}`
}

const PLAIN = ', plain'

/** A name for the shape with times as numbers and days as texts, in types that a server of 2018 has. */
export function plainShape(shape) {
  return shape + PLAIN
}

function plain({ columns, row }) {
  const times = Object.keys(columns).filter((name) => columns[name].startsWith('Date'))
  const asPlain = (type, time) => (type === 'Date' ? flat(time.toISOString().slice(0, 10)) : Math.floor(time / 1000))
  return {
    columns: Object.fromEntries(
      Object.entries(columns).map(([name, type]) => [
        name,
        type.replace('DateTime64(3)', 'DateTime').replace('LowCardinality(String)', 'String'),
      ]),
    ),
    row(i, next) {
      const made = row(i, next)
      for (const name of times) made[name] = asPlain(columns[name], made[name])
      return { ...made }
    },
  }
}

function shapeOf(shape) {
  if (Object.hasOwn(SHAPES, shape)) return SHAPES[shape]
  if (shape.endsWith(PLAIN)) return plain(SHAPES[baseOf(shape)])
  const [, count, kind] = /^(\d+) x (.*)$/.exec(shape)
  const names = Array.from({ length: Number(count) }, (_, c) => `c${c}`)
  const [type] = kind.split(', ')
  const value = (i) => (type.includes('String') ? flat(WIDE[kind](i)) : WIDE[kind](i))
  return {
    columns: Object.fromEntries(names.map((name) => [name, type])),
    row: (i) => Object.fromEntries(names.map((name, c) => [name, value(i * 31 + c)])),
  }
}

function baseOf(shape) {
  return shape.endsWith(PLAIN) ? shape.slice(0, -PLAIN.length) : shape
}

/** The columns as `prepare` takes them. */
export function columnsOf(shape) {
  return Object.entries(shapeOf(shape).columns).map(([name, type]) => ({ name, type }))
}

/**
 * Row objects made; more rows are the same objects again. A program hands a row over while it is in the processor's cache: with
 * many megabytes of rows in each of several processes the figures would be those of the memory.
 */
const DISTINCT_ROWS = 20_000

/** `rowCount` rows of a shape, always the same. */
export function rowsOf(shape, rowCount, distinctRows = DISTINCT_ROWS) {
  const next = random(ALL_SHAPES.indexOf(baseOf(shape)) + 1)
  const { row } = shapeOf(shape)
  const made = Array.from({ length: Math.min(rowCount, distinctRows) }, (_, i) => row(i, next))
  return Array.from({ length: rowCount }, (_, i) => made[i % made.length])
}

const DAY_MS = 86_400_000
const START_MS = Date.UTC(2024, 0, 1)
const COUNTRIES =
  'AE AR AT AU BE BR CA CH CL CN CO CZ DE DK EG ES FI FR GB GR HK ID IL IN IT JP KE KR KZ MX MY NG NL NO NZ PE PH PL PT RO SA SE SG TH TR TW UA US VN ZA'.split(
    ' ',
  )
const LEVELS = 'trace debug info warn error'.split(' ')
const SERVICES = 'auth billing cart catalog checkout gateway inventory mail orders payments profile pricing'.split(' ')
const STATUSES = [200, 200, 200, 201, 204, 301, 304, 400, 404, 500, 502]
const WORDS =
  `accepted after before bytes cache closed connection created customer deleted disk elected expired failed finished for from
header heartbeat hit in invalid joined key lag large leader left limit merge miss missed ms node of order partition payment payload
query rate reading refused replica request response retry rows seconds session shard signature started status table tenant timeout
to token too took updated upstream usage user while with worker written`.split(/\s+/)
const FOREIGN_WORDS = 'größe Überlauf données échec señal ошибка соединение узел 接続 超时 🚀'.split(' ')
/** Rows whose message is not ASCII. */
const FOREIGN_SHARE = 0.05

function clickstreamRow(_, next) {
  const time = START_MS + whole(next, 365 * DAY_MS)
  return {
    country_code: flat(pick(next, COUNTRIES)),
    os_id: whole(next, 100),
    browser_id: whole(next, 256),
    categories: [whole(next, 1000) - 500, whole(next, 1000), whole(next, 30_000)],
    action_day: new Date(Math.floor(time / DAY_MS) * DAY_MS),
    action_time: new Date(time),
  }
}

function logRow(i, next) {
  return {
    time: new Date(START_MS + i * 7),
    level: flat(LEVELS[Math.floor(next() ** 2 * LEVELS.length)]),
    service: flat(`${pick(next, SERVICES)}-service`),
    host: flat(`api-${whole(next, 40)}.eu-west-${whole(next, 3)}.internal`),
    message: flat(message(next)),
    status: pick(next, STATUSES),
    duration: next() ** 4 * 1000,
  }
}

function metricsRow(i, next) {
  const float = () => next() * 1000
  const price = () => Math.round(next() * 1e5) / 100
  return {
    id: 1e12 + i,
    ts: new Date(START_MS + (i >> 4) * 1000),
    f0: float(),
    f1: float(),
    f2: float(),
    f3: price(),
    f4: float(),
    f5: price(),
    f6: float(),
    f7: float(),
    f8: float(),
    f9: price(),
    u0: whole(next, 2 ** 32),
    u1: whole(next, 1000),
    u2: whole(next, 2 ** 32),
    u3: whole(next, 100_000),
    u4: whole(next, 2 ** 32),
    i0: Math.round((next() - 0.5) * 1e12),
    i1: Math.round((next() - 0.5) * 1e15),
    i2: -whole(next, 1e6) - 1,
  }
}

const KINDS = ['alpha', 'beta', 'gamma', 'delta']
/** One in that many is NULL. */
const NULL_EVERY = 5

function textsRow(_, next) {
  const digits = (count) => String(whole(next, 10 ** count)).padStart(count, '0')
  return {
    uid: flat(hex(next, 32).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')),
    name: whole(next, NULL_EVERY) === 0 ? null : letters(next, 5, 15),
    score: whole(next, NULL_EVERY) === 0 ? null : whole(next, 2 ** 32) - 2 ** 31,
    amount: flat(`${next() < 0.5 ? '-' : ''}${1 + whole(next, 1e6)}.${digits(4)}`),
    kind: pick(next, KINDS),
    flag: next() < 0.5,
    s1: letters(next, 10, 30),
    s2: letters(next, 10, 30),
    s3: letters(next, 10, 30),
  }
}

function idRow(i, next) {
  return { id: whole(next, 2 ** 32) * 2 ** 20 + i }
}

function fourRow(i) {
  const Col4 = new Date(START_MS + (i >> 12) * 1000)
  return { Col1: i, Col2: flat('Golang SQL database driver'), Col3: [1, 2, 3, 4, 5, 6, 7, 8, 9], Col4 }
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'

function letters(next, shortest, longest) {
  const length = shortest + whole(next, longest - shortest + 1)
  return flat(Array.from({ length }, () => pick(next, LETTERS)).join(''))
}

function hex(next, length) {
  return Array.from({ length }, () => whole(next, 16).toString(16)).join('')
}

/** Words with numbers and ids between them. */
function message(next) {
  const length = 60 + whole(next, 101)
  const isForeign = next() < FOREIGN_SHARE
  let text = isForeign ? pick(next, FOREIGN_WORDS) : pick(next, WORDS)
  while (text.length < length) {
    const roll = next()
    if (roll < 0.08) text += ` ${whole(next, 100_000)}`
    else if (roll < 0.11) text += ` ${whole(next, 2 ** 32).toString(16)}`
    else text += ` ${pick(next, isForeign && roll < 0.4 ? FOREIGN_WORDS : WORDS)}`
  }
  return text.slice(0, length).toWellFormed()
}

function numbered(letter, count, type) {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [letter + i, type]))
}

function whole(next, below) {
  return Math.floor(next() * below)
}

function pick(next, all) {
  return all[whole(next, all.length)]
}

function flat(text) {
  return Buffer.from(text).toString()
}
