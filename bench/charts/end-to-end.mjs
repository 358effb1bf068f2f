import { bars, COLORS } from './picture.mjs'

export const source = 'end-to-end'

/** Into a server only: what is in the process has no rivals. */
export function charts({ server }) {
  if (server === undefined) return {}
  const { version, formats, ...engines } = server
  const shapes = Object.keys(Object.values(engines)[0])
  const labels = (shape) => Object.keys(Object.values(engines)[0][shape])
  return {
    'end-to-end': {
      question: 'How fast do rows get into ClickHouse, next to JSON and to ready blocks?',
      note: `1,000 rows a second into clickhouse-server ${version}, medians; longer is better. Left ${Object.keys(engines).join(', right ')}`,
      columns: Object.keys(engines).length,
      heights: shapes.map((shape) => 80 + 26 * labels(shape).length),
      panels: shapes.flatMap((shape) =>
        Object.entries(engines).map(([engine, measured]) =>
          bars({
            title: `${shape} into ${engine}`,
            categories: Object.keys(measured[shape]),
            series: [
              {
                name: 'rows/s',
                data: Object.entries(measured[shape]).map(([label, { rowsPerSecond }]) => ({
                  value: rowsPerSecond.median / 1e3,
                  itemStyle: { color: colorOf(label) },
                })),
              },
            ],
            unit: '1,000 rows/s',
            left: 180,
          }),
        ),
      ),
    },
  }
}

function colorOf(label) {
  if (label.startsWith('exec()')) return COLORS.ours
  return label.startsWith('JSON') ? COLORS.json : COLORS.rival
}
