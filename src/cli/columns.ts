/**
 * Rows of text in columns as wide as what stands in them: names to the left, numbers to the right.
 *
 * @module
 */

/** Newline-terminated. The first `names` columns are names; `title` makes the header stand out. */
export function columns(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  { names, title }: { readonly names: number; readonly title: (line: string) => string },
): string {
  const widths = header.map((name, column) =>
    Math.max(name.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) =>
        column < names ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd();
  return `${[title(line(header)), ...rows.map(line)].join('\n')}\n`;
}
