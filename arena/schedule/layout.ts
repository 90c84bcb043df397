/**
 * Where everything is in the folder that a schedule writes and `serve` shows.
 *
 * ```
 * DIR/status.json               what the schedule is doing
 * DIR/runs/ID/results.jsonl     what was measured
 * DIR/runs/ID/report.html       the report made of it
 * DIR/runs/ID/run.log           what the run said
 * DIR/.lock/                    one schedule at a time
 * ```
 *
 * @module
 */

import { join } from 'node:path';

export const RESULTS_FILE = 'results.jsonl';
export const REPORT_FILE = 'report.html';
export const LOG_FILE = 'run.log';

/** A run's folder, and part of its addresses: nothing that leads out of a folder. */
const RUN_NAME = /^[a-z0-9][a-z0-9.-]{0,63}$/;

export function isRunName(text: string): boolean {
  return RUN_NAME.test(text);
}

/** Names sort as the runs began: `20261121t203000.123z`. */
export function runNameAt(at: Date): string {
  return at.toISOString().replaceAll(/[-:]/g, '').toLowerCase();
}

export function runsFolder(folder: string): string {
  return join(folder, 'runs');
}

export function runFolder(folder: string, run: string): string {
  return join(runsFolder(folder), run);
}

export function statusFile(folder: string): string {
  return join(folder, 'status.json');
}
