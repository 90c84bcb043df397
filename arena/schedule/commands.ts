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

/** Makes `runs/ID/report.html` of that, with all runs beside it as its history. */
export function reportWords(program: Program, folder: string, run: string): string[] {
  const own = runFolder(folder, run);
  const history = ['--history', runsFolder(folder)];
  return [
    ...program,
    'report',
    join(own, RESULTS_FILE),
    ...history,
    '--html',
    join(own, REPORT_FILE),
  ];
}
