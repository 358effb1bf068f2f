# Started by insert-program.mjs: a line of JSON says what to insert where and how, each further line asks for a round.

import datetime
import gc
import json
import sys
import time
import urllib.parse

import clickhouse_connect
import clickhouse_driver


def main():
    told = json.loads(sys.stdin.readline())
    insert = WAYS[told['way']](told, rows_of(told))
    del told['rows']
    gc.collect()
    print('ready', flush=True)
    for _ in sys.stdin:
        cpu, start = time.process_time(), time.perf_counter()
        insert()
        ms = (time.perf_counter() - start) * 1000
        cpu_ms = (time.process_time() - cpu) * 1000
        print(json.dumps({'ms': ms, 'cpuMs': cpu_ms}), flush=True)


def driver_rows(told, rows):
    return driver(told, rows, columnar=False)


def driver_columns(told, rows):
    return driver(told, columns_of(rows), columnar=True)


def driver(told, given, columnar):
    settings = {'insert_block_size': told['blockRows']}
    client = clickhouse_driver.Client('127.0.0.1', port=told['tcpPort'], settings=settings)
    return lambda: client.execute('INSERT INTO %s VALUES' % told['table'], given, columnar=columnar)


# It cuts blocks of 1 to 2 MB itself, and sends all of them in one INSERT. The types are given, since it misreads what a server of 2018
# says of a table.
def connect_columns(told, rows):
    port = urllib.parse.urlsplit(told['url']).port
    client = clickhouse_connect.get_client(
        host='127.0.0.1', port=port, compress=False, autogenerate_session_id=False
    )
    names, types = ([column[key] for column in told['columns']] for key in ('name', 'type'))
    columns = columns_of(rows)
    return lambda: client.insert(
        told['table'], columns, column_names=names, column_type_names=types, column_oriented=True
    )


WAYS = {'driver, rows': driver_rows, 'driver, columns': driver_columns, 'connect, columns': connect_columns}


def rows_of(told):
    names = [column['name'] for column in told['columns']]
    converters = [CONVERTERS.get(column['type'], lambda value: value) for column in told['columns']]
    distinct = [tuple(convert(row[name]) for name, convert in zip(names, converters)) for row in told['rows']]
    return [distinct[i % len(distinct)] for i in range(told['rowCount'])]


def columns_of(rows):
    return [list(column) for column in zip(*rows)]


# A datetime of the local time and without a zone, as programs have them.
def seconds(text):
    moment = datetime.datetime.fromisoformat(text.replace('Z', '+00:00'))
    return datetime.datetime.fromtimestamp(int(moment.timestamp()))


def day(text):
    return datetime.date.fromisoformat(text[:10])


CONVERTERS = {'DateTime': seconds, 'Date': day}

main()
