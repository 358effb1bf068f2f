# Started by insert-python.mjs: a line of JSON says what to insert where, each further line asks for a round.

import datetime
import json
import resource
import sys
import time

import clickhouse_driver

told = json.loads(sys.stdin.readline())


def converter(kind):
    if kind == 'Date':
        return datetime.date.fromisoformat
    if kind == 'DateTime':
        return datetime.datetime.fromtimestamp
    return lambda value: value


converters = [converter(kind) for kind in told['types']]
distinct = [tuple(convert(value) for convert, value in zip(converters, row)) for row in told['rows']]
rows = [distinct[i % len(distinct)] for i in range(told['rowCount'])]
given = [list(column) for column in zip(*rows)] if told['columnar'] else rows

client = clickhouse_driver.Client('127.0.0.1', port=told['port'], settings={'insert_block_size': told['blockRows']})
print('ready', flush=True)

for _ in sys.stdin:
    cpu, start = time.process_time(), time.perf_counter()
    client.execute('INSERT INTO %s VALUES' % told['table'], given, columnar=told['columnar'])
    ms = (time.perf_counter() - start) * 1000
    cpu_ms = (time.process_time() - cpu) * 1000
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({'ms': ms, 'cpuMs': cpu_ms, 'peakBytes': peak}), flush=True)
