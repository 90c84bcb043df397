/**
 * The runs of a folder, newest first, as their results say.
 *
 * What has been read of a run is kept while its results don't change. Bounds: 5 000 runs, those
 * whose names sort last; 1 MiB of a first line, 4 KiB of a last one.
 *
 * @module
 */

import { access, open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { EndRecord } from '../results/records.ts';
import { isRunName, REPORT_FILE, RESULTS_FILE, runFolder, runsFolder } from '../schedule/layout.ts';
import { runRecordIn } from '../schedule/retention.ts';

const RUNS_MAX = 5000;
const LAST_LINE_MAX_BYTES = 4096;

export interface RunSummary {
  readonly name: string;
  readonly at: string;
  readonly plan: string;
  readonly commit: string;
  readonly dirty: boolean;
  readonly cpu: string;
  readonly bytes: number;
  /** Null when it has not ended, or was killed. */
  readonly complete: boolean | null;
  readonly why: string;
  readonly reported: boolean;
}

interface Kept {
  readonly validator: string;
  readonly summary: Omit<RunSummary, 'reported'> | null;
}

export class Runs {
  readonly #folder: string;
  #kept = new Map<string, Kept>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Rejects when the folder can't be read; one without runs is none. */
  async list(): Promise<RunSummary[]> {
    const kept = new Map<string, Kept>();
    const runs: RunSummary[] = [];
    for (const name of await this.#names()) {
      const one = await this.#look(name);
      if (one === null) continue;
      kept.set(name, one);
      if (one.summary === null) continue;
      runs.push({ ...one.summary, reported: await exists(join(this.#path(name), REPORT_FILE)) });
    }
    this.#kept = kept;
    return runs.toSorted((a, b) => Date.parse(b.at) - Date.parse(a.at));
  }

  async #look(name: string): Promise<Kept | null> {
    try {
      const file = join(this.#path(name), RESULTS_FILE);
      const { mtimeMs, size, ino } = await stat(file);
      const validator = `${ino} ${size} ${mtimeMs}`;
      const known = this.#kept.get(name);
      if (known?.validator === validator) return known;
      return { validator, summary: await summaryOf(name, this.#path(name), size) };
    } catch {
      return null; // It is none, or has been deleted meanwhile.
    }
  }

  #path(name: string): string {
    return runFolder(this.#folder, name);
  }

  async #names(): Promise<string[]> {
    try {
      const names = await readdir(runsFolder(this.#folder));
      return names.filter(isRunName).toSorted().slice(-RUNS_MAX);
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
      throw error;
    }
  }
}

async function summaryOf(name: string, run: string, bytes: number): Promise<Kept['summary']> {
  const record = await runRecordIn(run);
  if (record === null) return null;
  const { at, plan, source, machine } = record;
  const end = await endRecordIn(join(run, RESULTS_FILE), bytes);
  return {
    name,
    at,
    plan: plan.name,
    commit: source.commit,
    dirty: source.dirty,
    cpu: machine.cpu,
    bytes,
    complete: end?.complete ?? null,
    why: end?.why ?? '',
  };
}

async function endRecordIn(results: string, bytes: number): Promise<EndRecord | null> {
  const file = await open(results);
  try {
    const position = Math.max(0, bytes - LAST_LINE_MAX_BYTES);
    const buffer = Buffer.alloc(LAST_LINE_MAX_BYTES);
    const { bytesRead } = await file.read({ buffer, position });
    const line = buffer.toString('utf8', 0, bytesRead).trimEnd().split('\n').at(-1) ?? '';
    return EndRecord.safeParse(JSON.parse(line)).data ?? null;
  } catch {
    return null; // A line that is longer, or cut off: no end record.
  } finally {
    await file.close();
  }
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
