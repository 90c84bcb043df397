/**
 * "Did you mean …?": the known word nearest to an unknown one.
 *
 * Bounds: words longer than 64 characters are not compared.
 * Source: optimal string alignment, the restricted Damerau–Levenshtein distance.
 *
 * @module
 */

const WORD_MAX_CHARS = 64;

/** The nearest of `known`, or undefined when none is near enough to be meant. */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of known) {
    const distance = distanceBetween(word.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** ` (did you mean "x"?)`, or nothing; made to be put after a sentence. */
export function didYouMean(word: string, known: Iterable<string>): string {
  const found = nearest(word, known);
  return found === undefined ? '' : ` (did you mean "${found}"?)`;
}

function distanceBetween(a: string, b: string): number {
  if (a.length > WORD_MAX_CHARS || b.length > WORD_MAX_CHARS) return Number.POSITIVE_INFINITY;

  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const current = nextRow({ a, b, row, last, beforeLast });
    beforeLast = last;
    last = current;
  }
  return last[b.length] ?? Number.POSITIVE_INFINITY;
}

interface Rows {
  readonly a: string;
  readonly b: string;
  readonly row: number;
  readonly last: readonly number[];
  readonly beforeLast: readonly number[];
}

function nextRow({ a, b, row, last, beforeLast }: Rows): number[] {
  const current = [row];
  for (let column = 1; column <= b.length; column += 1) {
    const removed = (last[column] ?? 0) + 1;
    const added = (current[column - 1] ?? 0) + 1;
    const changed = (last[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
    const isSwap = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
    const swapped = isSwap ? (beforeLast[column - 2] ?? 0) + 1 : changed;
    current.push(Math.min(removed, added, changed, swapped));
  }
  return current;
}
