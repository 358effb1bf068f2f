// What a person sees: the program on a pseudo terminal, made by script(1) of util-linux.

import { spawn, spawnSync } from 'node:child_process'
import { afterAll, describe, expect, it } from 'vitest'
import { encodeBlock } from '../../src/native.ts'
import { Files, PROGRAM } from './run.ts'

const files = new Files()
afterAll(() => files[Symbol.dispose]())

const hasScript = spawnSync('script', ['--version']).status === 0
if (!hasScript) console.warn('SKIPPED: tests on a terminal. script(1) of util-linux is not installed.')

const columns = [
  { name: 'id', type: 'UInt32' },
  { name: 'first_text', type: 'String' },
  { name: 'second_text', type: 'String' },
]
const rows = [1, 2, 3].map((id) => [id, `short ${id}`, 'words that go on and on '.repeat(400)])
const path = files.write('three.native', Buffer.from(encodeBlock(columns, rows)))

async function onTerminal(width: number, command: string): Promise<{ code: number | null; screen: string }> {
  const child = spawn('script', ['-qec', `stty cols ${width}; ${command}`, '/dev/null'], {
    env: { ...process.env, TERM: 'xterm' },
  })
  let screen = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    screen += text.replaceAll('\r\n', '\n')
  })
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { code, screen }
}

const program = `'${process.execPath}' '${PROGRAM}' inspect`

describe.skipIf(!hasScript)('on a terminal', () => {
  it('rows are as wide as the screen, values end in …', async () => {
    const { code, screen } = await onTerminal(60, `${program} '${path}'`)
    expect(code).toBe(0)
    const shown = screen.trimEnd().split('\n').slice(-4)
    expect(shown[0]).toBe('id  first_text  second_text')
    expect(shown[1]).toMatch(/^ 1 {2}short 1 {5}words that go on .*…$/)
    expect(shown[1]).toHaveLength(60)
  })

  it('and below each other where that is too narrow', async () => {
    const { screen } = await onTerminal(25, `${program} '${path}' --rows 1`)
    const shown = screen.trimEnd().split('\n').slice(-5)
    expect(shown).toEqual([
      'Row 1:',
      '──────',
      'id:          1',
      'first_text:  short 1',
      expect.stringMatching(/^second_text: words.*…$/),
    ])
    expect(Math.max(...shown.map((line) => line.length))).toBeLessThanOrEqual(25)
  })

  it('a live line for what takes long, none for what does not, nor with --no-progress', async () => {
    const slow = (flags: string) => `(cat '${path}'; sleep 1.5; cat '${path}') | ${program} - --rows 0 ${flags}`
    const { code, screen } = await onTerminal(80, slow(''))
    expect(code).toBe(0)
    expect(screen).toMatch(/\rstdin {2}3 rows {2}0 rows\/s/)
    expect(screen).toMatch(/\rstdin {2}6 rows [^\r]*\n *stdin: .*, 2 blocks, 6 rows/)
    expect((await onTerminal(80, slow('--no-progress'))).screen).toMatch(/^stdin: /)
    expect((await onTerminal(80, `${program} '${path}'`)).screen).toMatch(/^\S+three\.native: /)
  })
})
