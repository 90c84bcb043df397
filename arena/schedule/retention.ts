/**
 * Deletes old runs, and nothing that is not one.
 *
 * A run is a folder (no link to one) with a name of ours, in which `results.jsonl` is a file that
 * begins with a run record; its age is counted from what the record says. The newest run stays,
 * however old it is.
 *
 * Bounds: 1 MiB of a first line is read; 10 000 folders are looked at each time.
 *
 * @module
 */

import { constants } from 'node:fs';
import { lstat, open, readdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';

import { RunRecord } from '../results/records.ts';
import { isRunName, RESULTS_FILE, runFolder, runsFolder } from './layout.ts';

const FIRST_LINE_MAX_BYTES = 1 << 20;
const FOLDERS_MAX = 10_000;
const DAY_MS = 86_400_000;

/** Deletes the runs that began more than `days` days ago; resolves with their names, in order. */
export async function deleteOldRuns(folder: string, days: number, now: Date): Promise<string[]> {
  const runs = await datedRuns(folder);
  const keptFromMs = now.getTime() - days * DAY_MS;
  const newestMs = Math.max(...runs.map(({ atMs }) => atMs));
  const old = runs.filter(({ atMs }) => atMs < keptFromMs && atMs < newestMs);
  for (const { name } of old) await deleteRun(runFolder(folder, name));
  return old.map(({ name }) => name);
}

export interface DatedRun {
  readonly name: string;
  /** When it began, as its results say. */
  readonly atMs: number;
}

/** The runs of a folder, by name; what is none is left out. */
export async function datedRuns(folder: string): Promise<DatedRun[]> {
  const runs: DatedRun[] = [];
  for (const name of (await namesIn(runsFolder(folder))).slice(0, FOLDERS_MAX)) {
    if (!isRunName(name)) continue;
    const record = await runRecordIn(runFolder(folder, name));
    if (record !== null) runs.push({ name, atMs: Date.parse(record.at) });
  }
  return runs;
}

/** The run record that a folder's results begin with; null for any other folder, and for a link. */
export async function runRecordIn(run: string): Promise<RunRecord | null> {
  try {
    if (!(await lstat(run)).isDirectory()) return null;
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    const file = await open(join(run, RESULTS_FILE), flags);
    try {
      if (!(await file.stat()).isFile()) return null;
      const buffer = Buffer.allocUnsafe(FIRST_LINE_MAX_BYTES);
      const { bytesRead } = await file.read({ buffer, position: 0 });
      const [line = ''] = buffer.toString('utf8', 0, bytesRead).split('\n', 1);
      return RunRecord.safeParse(JSON.parse(line)).data ?? null;
    } finally {
      await file.close();
    }
  } catch {
    return null;
  }
}

/** What makes it a run goes last: deleting that ends in the middle is taken up the next time. */
async function deleteRun(run: string): Promise<void> {
  for (const name of await readdir(run)) {
    if (name !== RESULTS_FILE) await rm(join(run, name), { recursive: true, force: true });
  }
  await rm(join(run, RESULTS_FILE), { force: true });
  await rmdir(run);
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).toSorted();
  } catch {
    return []; // No run has been made yet.
  }
}
