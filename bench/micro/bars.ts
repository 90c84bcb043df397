/**
 * What the micro-benchmarks hold against bars, kept in a file from one benchmark to the next, so that
 * a run of all ends in one table.
 *
 * Bounds: a line of JSON for each bar; who begins a run removes the file.
 *
 * @module
 */

import { appendFileSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';

export interface Bar {
  /** What it costs, as a person says it. */
  readonly cost: string;
  /** With its unit, as `target`; that is `stated` where none is set. */
  readonly measured: string;
  readonly target: string;
  readonly verdict: 'reached' | 'NOT reached' | 'not certain' | 'stated' | 'not measured';
}

/** `file` is what a benchmark was called with; without one its own output is all there is. */
export function keepBar(file: string | undefined, bar: Bar): void {
  if (file === undefined) return;
  mkdirSync(dirname(file), { recursive: true });
  appendFileSync(file, `${JSON.stringify(bar)}\n`);
}

/** Throws when there is no such file. */
export function keptBars(file: string): Bar[] {
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  return lines.map((line): Bar => JSON.parse(line));
}
