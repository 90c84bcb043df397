/**
 * How deep a YAML text is nested, found out before it is parsed.
 *
 * The parser recurses: a hundred thousand brackets exhaust the stack, and where that happens inside
 * a regular expression it ends the process. Its tokens alone are made without recursion.
 *
 * @module
 */

import { LineCounter, Parser } from 'yaml';

import type { Place } from './problem.ts';

/** Where the text is nested deeper than `levelsMax`, or null. */
export function nestedBeyond(text: string, levelsMax: number): Place | null {
  const lines = new LineCounter();
  const open: { readonly token: unknown; readonly level: number }[] = [];
  for (const root of new Parser(lines.addNewLine).parse(text)) {
    open.push({ token: root, level: 0 });
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const { token, level } = next;
      if (!isToken(token)) continue;
      if (level > levelsMax) return placeOf(lines, token.offset ?? 0);
      const children = token.items?.flatMap(({ key, value }) => [key, value]) ?? [token.value];
      for (const child of children) open.push({ token: child, level: level + 1 });
    }
  }
  return null;
}

/** Counts from 1, also in an empty text. */
export function placeOf(lines: LineCounter, offset: number): Place {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(1, line), column: Math.max(1, col) };
}

/** As much of a token as nesting is made of. */
interface Token {
  readonly offset?: number;
  readonly value?: unknown;
  readonly items?: readonly { readonly key?: unknown; readonly value?: unknown }[];
}

function isToken(value: unknown): value is Token {
  return typeof value === 'object' && value !== null;
}
