/**
 * Rows as text, columns as wide as they must be.
 *
 * @module
 */

/** Two spaces between columns; the last cell of a row may be as long as it is. */
export function textTable(rows: readonly (readonly string[])[]): string {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, at) =>
    Math.max(0, ...rows.map((row) => (at === row.length - 1 ? 0 : (row[at]?.length ?? 0)))),
  );
  return rows
    .map((row) =>
      row.map((cell, at) => (at === row.length - 1 ? cell : cell.padEnd(widths[at] ?? 0))),
    )
    .map((cells) => `${cells.join('  ').trimEnd()}\n`)
    .join('');
}
