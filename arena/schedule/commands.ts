/**
 * The words that a schedule starts the arena's other commands with.
 *
 * @module
 */

import { join } from 'node:path';

import { historyFile, REPORT_FILE, RESULTS_FILE, runFolder, runsFolder } from './layout.ts';

/** `program` and the words after it that come before a command, such as Node and a script. */
export type Program = readonly string[];

/** The arena as this process was started. */
export function ownProgram(): Program {
  return [process.execPath, ...process.execArgv, process.argv[1] ?? ''];
}

/** Measures a plan into `runs/ID/results.jsonl`. */
export function runWords(
  program: Program,
  planFile: string,
  folder: string,
  run: string,
): string[] {
  const results = join(runFolder(folder, run), RESULTS_FILE);
  return [...program, 'run', '--file', planFile, '--output', results];
}

/** Makes `runs/ID/report.html` of that. */
export function reportWords(program: Program, folder: string, run: string): string[] {
  const own = runFolder(folder, run);
  return [...program, 'report', join(own, RESULTS_FILE), '--html', join(own, REPORT_FILE)];
}

/** Makes `history.html` of all runs. */
export function historyWords(program: Program, folder: string): string[] {
  return [...program, 'report', runsFolder(folder), '--history', historyFile(folder)];
}
