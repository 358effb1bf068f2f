import { describe, expect, it } from 'vitest'
import { classify, type Verdict } from '../../src/engine/classify.ts'
import { TransportError, UsageError } from '../../src/errors.ts'
import { serverError } from '../../src/transport/exception.ts'

// As the transport makes them out of the server's answer.
function judges(code: number, name: string, again: Verdict['again'], mayHaveArrived: boolean, message = ''): void {
  it(`${code} ${name}${message && `: ${message}`}`, () => {
    expect(classify(serverError({ code, name, message }))).toMatchObject({ again, mayHaveArrived, refused: true })
  })
}

describe('repeated: the server may have stored some of it before it gave up', () => {
  for (const [code, name] of [
    [159, 'TIMEOUT_EXCEEDED'],
    [203, 'NO_FREE_CONNECTION'],
    [209, 'SOCKET_TIMEOUT'],
    [210, 'NETWORK_ERROR'],
    [236, 'ABORTED'],
    [241, 'MEMORY_LIMIT_EXCEEDED'],
    [279, 'ALL_CONNECTION_TRIES_FAILED'],
    [319, 'UNKNOWN_STATUS_OF_INSERT'],
    [425, 'SYSTEM_ERROR'],
    [439, 'CANNOT_SCHEDULE_TASK'],
    [473, 'DEADLOCK_AVOIDED'],
    [999, 'KEEPER_EXCEPTION'],
  ] as const) {
    judges(code, name, 'yes', true)
  }
})

describe('repeated: refused before anything was written', () => {
  for (const [code, name] of [
    [202, 'TOO_MANY_SIMULTANEOUS_QUERIES'],
    [216, 'QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING'],
    [242, 'TABLE_IS_READ_ONLY'],
    [254, 'NO_ACTIVE_REPLICAS'],
    [285, 'TOO_FEW_LIVE_REPLICAS'],
    [286, 'UNSATISFIED_QUORUM_FOR_PREVIOUS_WRITE'],
    [745, 'SERVER_OVERLOADED'],
  ] as const) {
    judges(code, name, 'yes', false)
  }
})

describe('repeated once: perhaps the network damaged it, the same damage twice is ours', () => {
  judges(33, 'CANNOT_READ_ALL_DATA', 'once', false)
  judges(40, 'CHECKSUM_DOESNT_MATCH', 'once', false)
})

describe('never repeated: types, access, syntax and schema stay as they are', () => {
  for (const code of [16, 27, 53, 60, 62, 81, 115, 117, 164, 192, 349, 469, 497, 516]) judges(code, 'NAME', 'no', false)
  judges(1001, 'STD_EXCEPTION', 'no', true)
  judges(394, 'QUERY_WAS_CANCELLED', 'no', true)
})

describe('252 has two meanings', () => {
  judges(
    252,
    'TOO_MANY_PARTS',
    'yes',
    false,
    'Too many parts (300). Merges are processing significantly slower than inserts',
  )
  judges(252, 'TOO_MANY_PARTS', 'no', false, 'Too many partitions for single INSERT block (more than 100)')
  it('and advice for each', () => {
    const hintOf = (message: string) => classify(serverError({ code: 252, name: '', message })).hint
    expect(hintOf('Too many parts (300)')).toMatch(/fewer and larger blocks/)
    expect(hintOf('Too many partitions for single INSERT block (more than 100)')).toMatch(/sort the rows by partition/)
  })
})

describe('another host may take at once what cannot have arrived at this one', () => {
  const cases: [code: number, elsewhere: boolean][] = [
    [202, true], // it has too many queries
    [242, true], // its replica is read-only
    [745, true], // it is overloaded
    [241, false], // may have stored it
    [252, false], // its parts pile up: those of its replicas do, too
    [285, false], // the cluster has too few replicas
    [60, false],
  ]
  for (const [code, elsewhere] of cases) {
    it(`${code}: ${elsewhere}`, () => {
      expect(classify(serverError({ code, name: '', message: '' })).elsewhere).toBe(elsewhere)
    })
  }
})

describe('failures of the way', () => {
  it('a lost answer is repeated, and the block may be there', () => {
    const error = new TransportError('CONNECTION_LOST', '', { retryable: true, blockMayHaveArrived: true })
    expect(classify(error)).toEqual({ again: 'yes', mayHaveArrived: true, refused: false, elsewhere: false })
  })
  it('a refused connection is repeated, and the block is not there', () => {
    const error = new TransportError('CONNECT_FAILED', '', { retryable: true })
    expect(classify(error)).toEqual({ again: 'yes', mayHaveArrived: false, refused: false, elsewhere: true })
  })
  it('an abort is not repeated', () => {
    expect(classify(new TransportError('ABORTED', '', { blockMayHaveArrived: true })).again).toBe('no')
  })
  it('our own refusal comes before anything is sent; of a defect nothing is known', () => {
    expect(classify(new UsageError('NOT_SUPPORTED', ''))).toEqual({
      again: 'no',
      mayHaveArrived: false,
      refused: false,
      elsewhere: false,
    })
    expect(classify(new TypeError('defect'))).toEqual({
      again: 'no',
      mayHaveArrived: true,
      refused: false,
      elsewhere: false,
    })
  })
})
