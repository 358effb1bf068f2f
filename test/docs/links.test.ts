// Links of the pages lead somewhere: to files that are there, to headings that are there.

import { existsSync } from 'node:fs'
import { dirname, posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { readRepositoryFile } from './markdown.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const pages = ['README.md', 'CHANGELOG.md', 'assembly/README.md', 'bench/README.md'].filter((page) =>
  existsSync(root + page),
)

describe.each(pages)('%s', (page) => {
  const text = readRepositoryFile(page)
  const links = [...withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!)

  it('links to files that are there', () => {
    const files = links.filter((target) => !/^(https?:|#)/.test(target)).map((target) => target.split('#')[0]!)
    expect(files.filter((file) => !existsSync(root + posix.join(dirname(page), file)))).toEqual([])
  })
  it('links to headings that are there, and no two headings have one anchor', () => {
    const headings = [...withoutCode(text).matchAll(/^#+ (.*)$/gm)].map(([, title]) => anchorOf(title!))
    expect(headings).toEqual([...new Set(headings)])
    const anchors = links.filter((target) => target.startsWith('#')).map((target) => target.slice(1))
    expect(anchors.filter((anchor) => !headings.includes(anchor))).toEqual([])
  })
})

function withoutCode(markdown: string): string {
  return markdown.replace(/^```[\s\S]*?^```/gm, '')
}

/** As GitHub makes it of a heading. */
function anchorOf(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-')
}
