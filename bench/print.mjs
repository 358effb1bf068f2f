/** Prints rows of text in columns; the first column to the left, the others to the right. */
export function printTable(title, head, rows) {
  const widths = head.map((name, i) => Math.max(name.length, ...rows.map((row) => row[i].length)))
  console.log(`\n${title}`)
  for (const row of [head, ...rows]) {
    const cells = row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])))
    console.log(`  ${cells.join('   ')}`.trimEnd())
  }
}
