/**
 * Data as an indented outline for people: one fact a line, nothing quoted, nothing empty.
 *
 * @module
 */

/** Newline-terminated; a member that says nothing (null, an empty list) is left out. */
export function outline(value: unknown, indent = ''): string {
  if (Array.isArray(value)) return value.map((item) => bullet(item, indent)).join('');
  if (!isObject(value))
    return linesOf(value)
      .map((line) => `${indent}${line}\n`)
      .join('');
  return Object.entries(value)
    .filter(([, member]) => saysSomething(member))
    .map(([key, member]) =>
      isObject(member) || linesOf(member).length > 1
        ? `${indent}${key}:\n${outline(member, `${indent}  `)}`
        : `${indent}${key}: ${String(member)}\n`,
    )
    .join('');
}

function bullet(item: unknown, indent: string): string {
  const text = outline(item, `${indent}  `);
  return `${indent}- ${text.slice(indent.length + 2)}`;
}

function linesOf(value: unknown): string[] {
  return String(value).trimEnd().split(/\r?\n/);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function saysSomething(value: unknown): boolean {
  if (value === null || value === undefined) return false;
  return !isObject(value) || Object.keys(value).length > 0;
}
