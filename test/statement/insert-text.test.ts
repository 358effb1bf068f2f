import { describe, expect, it } from 'vitest'
import { type InsertText, parseInsert } from '../../src/statement/insert-text.ts'
import { quoteIdentifier, quoteString } from '../../src/statement/quote.ts'

function reads(text: string, expected: Partial<InsertText>): void {
  it(JSON.stringify(text), () => expect(parseInsert(text)).toEqual({ settings: {}, ...expected }))
}

function refuses(text: string, message: string | RegExp): void {
  it(`refuses ${JSON.stringify(text)}`, () => {
    expect(() => parseInsert(text)).toThrow(
      expect.objectContaining({ code: 'BAD_INSERT', message: expect.stringMatching(message) }),
    )
  })
}

describe('an INSERT names a table, perhaps its database, its columns and settings', () => {
  reads('INSERT INTO events', { table: 'events' })
  reads('insert into events', { table: 'events' })
  reads('INSERT events', { table: 'events' })
  reads('INSERT INTO TABLE events', { table: 'events' })
  reads('INSERT INTO db.events', { database: 'db', table: 'events' })
  reads('INSERT INTO db . events ( a , b )', { database: 'db', table: 'events', columns: ['a', 'b'] })
  reads('INSERT INTO events (a, b) VALUES', { table: 'events', columns: ['a', 'b'] })
  reads('INSERT INTO events FORMAT Native;', { table: 'events' })
  reads('INSERT INTO\n\tevents\n(\n  a,\n  b\n)\nFORMAT\nRowBinary\n', { table: 'events', columns: ['a', 'b'] })
  reads('INSERT INTO events (n.a, `n.b`, n.`c`)', { table: 'events', columns: ['n.a', 'n.b', 'n.c'] })
  reads('INSERT INTO события (имя)', { table: 'события', columns: ['имя'] })
})

describe('a bare name is the INSERT into every column of that table', () => {
  reads('events', { table: 'events' })
  reads(' db.events ', { database: 'db', table: 'events' })
  reads('`my db`."my table"', { database: 'my db', table: 'my table' })
  reads('insert', { table: 'insert' })
  reads('INSERT.events', { database: 'INSERT', table: 'events' })
})

describe('names in backticks or double quotes are taken literally', () => {
  reads('INSERT INTO `db`.`ev``ents` (`a b`, "c,d", `e\\`f`, "g""h")', {
    database: 'db',
    table: 'ev`ents',
    columns: ['a b', 'c,d', 'e`f', 'g"h'],
  })
  reads('INSERT INTO `values` (`format`, settings)', { table: 'values', columns: ['format', 'settings'] })
  reads('INSERT INTO table (a)', { table: 'table', columns: ['a'] })
  reads('INSERT INTO TABLE table VALUES', { table: 'table' })
  reads('INSERT INTO `a\\nb\\x41\\%`', { table: 'a\nbA\\%' })
})

describe('comments stand anywhere between two words', () => {
  reads('-- first\nINSERT /* into? */ INTO # what\n events -- (x)\n(a, /* b, */ c) -- end', {
    table: 'events',
    columns: ['a', 'c'],
  })
  reads('INSERT INTO `--no` (`/*comment*/`)', { table: '--no', columns: ['/*comment*/'] })
  refuses('INSERT INTO events /* never closed', /position 19 \(line 1, column 20\) a comment begins that never ends/)
})

describe('SETTINGS keep their values', () => {
  reads("insert into t (a) settings max_threads = 2, insert_quorum='auto', wait = true, x=-1.5 format Native", {
    table: 't',
    columns: ['a'],
    settings: { max_threads: 2, insert_quorum: 'auto', wait: true, x: -1.5 },
  })
  reads('INSERT INTO t SETTINGS max_memory_usage = 18446744073709551615 VALUES', {
    table: 't',
    settings: { max_memory_usage: '18446744073709551615' },
  })
  refuses('INSERT INTO t SETTINGS a', /expected '=', found the end/)
  refuses('INSERT INTO t SETTINGS a = b', /expected a setting's value/)
})

describe('placeholders after VALUES carry no data and may stand', () => {
  reads('INSERT INTO t (a, b) VALUES (?, ?)', { table: 't', columns: ['a', 'b'] })
  reads('INSERT INTO t VALUES (?, ?), ($1, $2), (:a, :b);', { table: 't' })
  refuses("INSERT INTO t VALUES (1, 'secret')", /expected a placeholder .*found "1"/)
  refuses("INSERT INTO t VALUES ('secret')", /found a string/)
  refuses('INSERT INTO t FORMAT JSONEachRow {"a": 1}', /expected the end of the INSERT, found "{"/)
})

describe('what is no INSERT of rows is refused with the place and the way out', () => {
  refuses('INSERT INTO t SELECT 1', /position 14 .*expected no query, found "SELECT"[\s\S]*command\(\)/)
  refuses('INSERT INTO t (a) WITH 1 AS x SELECT x', /expected no query/)
  refuses('INSERT INTO t (SELECT 1)', /expected no query/)
  refuses('INSERT INTO t (a) (SELECT 1)', /expected no query/)
  refuses("INSERT INTO t FROM INFILE 'x.csv' FORMAT CSV", /expected no data source/)
  refuses("INSERT INTO FUNCTION remote('h', db.t) (a)", /a table, not a table function/)
  refuses("INSERT INTO TABLE FUNCTION file('x')", /a table, not a table function/)
  refuses('INSERT INTO t (* EXCEPT (a))', /Leave the list out/)
  refuses('INSERT INTO t (a, a)', /each column once/)
  refuses('INSERT INTO t ()', /expected the name of a column, found "\)"/)
  refuses('INSERT INTO t (a,)', /expected the name of a column/)
  refuses('INSERT INTO t (a b)', /expected ',' or '\)', found "b"/)
  refuses('INSERT INTO a.b.c', /expected one database and one table/)
  refuses('INSERT INTO', /expected the name of a table, found the end/)
  refuses('INSERT INTO ``', /cannot be empty/)
  refuses('INSERT INTO `t', /a quote ` opens that is never closed/)
  refuses('', /expected an INSERT or the name of a table, found the end/)
  refuses('SELECT 1', /expected the end of the table’s name, found "1"/)
  refuses('my-table', /`odd-name`/)
  refuses('INSERT INTO\n  t\n  (a,\n   b c)', /position 27 \(line 4, column 6\)/)
})

describe('quoting is undone by reading', () => {
  for (const name of ['a', 'a b', '`', '\\', 'a\\`b', 'a\nb', '"', "'", 'ü', '\\n']) {
    it(JSON.stringify(name), () => {
      expect(parseInsert(`INSERT INTO ${quoteIdentifier(name)}`).table).toBe(name)
      expect(parseInsert(`INSERT INTO t SETTINGS x = ${quoteString(name)}`).settings.x).toBe(name)
    })
  }
})
