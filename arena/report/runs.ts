/**
 * Results files as runs, in the order in which they were made.
 *
 * @module
 */

import { formatProblem } from '../../src/config/problem.ts';
import { GatewayError } from '../../src/errors.ts';
import { readResults } from '../results/read.ts';
import type { ResultRecord } from '../results/records.ts';

/** Held at a time: a run of a day is some 10 MB. */
const FILES_MAX = 2000;

export interface Runs {
  /** Of the last run. */
  readonly records: readonly ResultRecord[];
  /** Of those before it, oldest first. */
  readonly earlier: readonly (readonly ResultRecord[])[];
}

/** Throws a `GatewayError` that tells file and line when one can't be read. `warn` is told of a cut end. */
export function readRuns(files: readonly string[], warn: (text: string) => void): Runs {
  if (files.length > FILES_MAX) {
    throw new GatewayError(
      'usage',
      `${files.length} files are too many: name at most ${FILES_MAX}`,
    );
  }
  const runs = files.map((file) => readRun(file, warn));
  const inOrder = runs.toSorted((one, other) => startOf(one) - startOf(other));
  return { records: inOrder.at(-1) ?? [], earlier: inOrder.slice(0, -1) };
}

/** The records of one file. */
export function readRun(file: string, warn: (text: string) => void): readonly ResultRecord[] {
  const read = readResults(file);
  if (!read.ok) {
    const problems = read.problems.map((problem) => `\n  ${formatProblem(problem)}`);
    throw new GatewayError('usage', `the results cannot be read:${problems.join('')}`);
  }
  if (read.results.cut) warn(`warning: the last line of ${file} is cut off and left out`);
  return read.results.records;
}

function startOf(records: readonly ResultRecord[]): number {
  const [first] = records;
  return first?.kind === 'run' ? Date.parse(first.at) : 0;
}
