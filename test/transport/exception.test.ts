import { describe, expect, test } from 'vitest'
import { ABOUT_ROWS, parseException, serverError } from '../../src/transport/exception.ts'

describe('An exception text gives code, name and what happened, in every dialect', () => {
  test.each([
    {
      dialect: '26.7 over HTTP',
      text: 'Code: 60. DB::Exception: Table default.t does not exist. (UNKNOWN_TABLE) (version 26.7.2.1 (official build))\n',
      expected: { code: 60, name: 'UNKNOWN_TABLE', message: 'Table default.t does not exist.' },
    },
    {
      dialect: '26.7 embedded, wrapped',
      text: "Code: 115. DB::Exception: Code: 115. DB::Exception: Unknown setting 'x'. (UNKNOWN_SETTING) (version 26.7.2.1). (UNKNOWN_SETTING)",
      expected: { code: 115, name: 'UNKNOWN_SETTING', message: "Unknown setting 'x'." },
    },
    {
      dialect: '18.16',
      text: "Code: 60, e.displayText() = DB::Exception: Table default.t doesn't exist., e.what() = DB::Exception\n",
      expected: { code: 60, name: '', message: "Table default.t doesn't exist." },
    },
    {
      dialect: '18.16, from below',
      text: 'Poco::Exception. Code: 1000, e.code() = 104, e.displayText() = Connection reset by peer, e.what() = Connection reset by peer',
      expected: { code: 1000, name: '', message: 'Connection reset by peer' },
    },
    {
      dialect: 'after the first rows',
      text: '{"a":1}\nCode: 395, e.displayText() = DB::Exception: too big, e.what() = DB::Exception',
      expected: { code: 395, name: '', message: 'too big' },
    },
    {
      dialect: 'marked inside a chunked answer',
      text: '{"a":1}\n\r\n__exception__\r\nabcdefgh\r\nCode: 241. DB::Exception: Memory limit exceeded. (MEMORY_LIMIT_EXCEEDED) (version 26.7.2.1)\n82 abcdefgh\r\n__exception__\r\n',
      expected: { code: 241, name: 'MEMORY_LIMIT_EXCEEDED', message: 'Memory limit exceeded.' },
    },
    {
      dialect: 'of another server of the cluster',
      text: 'Code: 279. DB::Exception: All connection tries failed. Code: 516. DB::Exception: u: Authentication failed. (AUTHENTICATION_FAILED) (version 26.7.2.1)\n\n. (ALL_CONNECTION_TRIES_FAILED) (version 26.7.2.1)',
      expected: { code: 279, name: 'ALL_CONNECTION_TRIES_FAILED' },
    },
  ])('$dialect', ({ text, expected }) => {
    expect(parseException(text)).toMatchObject(expected)
  })

  test.each(['', '{"code": 60}', '<html>502 Bad Gateway</html>', 'Error code: 5. Nothing'])('%j is none', (text) => {
    expect(parseException(text)).toBeUndefined()
  })
})

describe('The typed error', () => {
  test('hides what was being inserted', () => {
    const constraint = serverError({
      code: 469,
      name: 'VIOLATED_CONSTRAINT',
      message:
        "Constraint `c` for table default.t is violated at row 3. Expression: (age < 200). Column values: age = 231, name = 'Ada'",
    })
    expect(constraint.message).toContain('Constraint `c` for table default.t is violated at row 3.')
    expect(constraint.message).not.toMatch(/231|Ada/)
    const conversion = serverError({
      code: 6,
      name: 'CANNOT_PARSE_TEXT',
      message: "Cannot parse string 'it\\'s Ada' as UInt8: while converting `age`",
    })
    expect(conversion.message).toContain('CANNOT_PARSE_TEXT: Cannot parse string…')
    expect(conversion.message).not.toContain('Ada')
  })

  test.each([...ABOUT_ROWS])('%i, of what rows say, hides the values wherever they stand', (code) => {
    for (const message of [
      "Cannot parse string 'O'Ada 4711' as UInt8",
      'Cannot parse uuid Ada 4711: Cannot parse UUID from String',
      'Cannot read floating point value here: Ada 4711',
      'Cannot parse date here: Ada 4711',
      'Invalid IPv4 value Ada',
      'Decimal value is too big: 4711 digits were read: 4711e0',
      'Value 4711 is out of range',
      "Constraint `c` for table default.t is violated at row 3. Expression: (s = 'Ada'). Column values: s = 'Ada'",
    ]) {
      const { reason } = serverError({ code, name: '', message: `${message}: while pushing to view default.v` })
      expect(reason).not.toMatch(/Ada|4711/)
      expect(reason).toMatch(/^\S*….*while pushing to view|^[CDI]\w+ .*while pushing to view/)
    }
  })

  test.each([
    { code: 60, retryable: false },
    { code: 241, retryable: true },
    { code: 252, message: 'Too many parts (3000)', retryable: true },
    { code: 252, message: 'Too many partitions for single INSERT block (more than 100)', retryable: false },
    { code: 516, retryable: false },
  ])('$code $message: retryable $retryable', ({ code, message = 'x', retryable }) => {
    expect(serverError({ code, name: '', message }).retryable).toBe(retryable)
  })

  test.each([192, 193, 194, 516])('%i is about user name and password, and says so', (code) => {
    const error = serverError({ code, name: '', message: 'no' }, 'query-1')
    expect(error).toMatchObject({ code: 'AUTHENTICATION_FAILED', serverCode: code, queryId: 'query-1' })
    expect(error.hint).toContain('percent-encoded')
  })
})
