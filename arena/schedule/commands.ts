/**
 * The words that a schedule starts the arena's other commands with.
 *
 * @module
 */

import { join } from 'node:path';

import { REPORT_FILE, RESULTS_FILE, runFolder, runsFolder } from './layout.ts';

/** `program` and the words after it that come before a command, such as Node and a script. */
export type Program = readonly string[];

/** The arena as this process was started. */
export function ownProgram(): Program {
  return [process.execPath, ...process.execArgv, process.argv[1] ?? ''];
}

/** Measures a plan into the folder `runs/ID`. */
export function runWords(
  program: Program,
  planFile: string,
  folder: string,
  run: string,
): string[] {
  return [...program, 'run', '--file', planFile, '--output', runsFolder(folder), '--id', run];
}

/** Makes `runs/ID/report.html` of that, with `history`, names of earlier runs. */
export function reportWords(
  program: Program,
  folder: string,
  run: string,
  history: readonly string[],
): string[] {
  const files = [...history, run].map((name) => join(runFolder(folder, name), RESULTS_FILE));
  const page = join(runFolder(folder, run), REPORT_FILE);
  return [...program, 'report', ...files, '--html', page];
}
