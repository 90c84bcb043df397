/**
 * Writes the records of a run, each as it comes about: a line is on the disk before the next thing
 * is measured, so that whatever ends the run leaves what was measured.
 *
 * @module
 */

import { closeSync, fdatasyncSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';

import { ResultRecord } from './records.ts';

/** In the folder of a run. */
export const RESULTS_FILE = 'results.jsonl';

export class ResultsWriter {
  readonly file: string;
  readonly #descriptor: number;

  /** Makes `folder` and a new file in it. Throws when there is one already. */
  constructor(folder: string) {
    mkdirSync(folder, { recursive: true });
    this.file = join(folder, RESULTS_FILE);
    this.#descriptor = openSync(this.file, 'ax');
  }

  /** Throws when the record is not what its format says: a reader would refuse the whole file. */
  write(record: ResultRecord): void {
    const line = Buffer.from(`${JSON.stringify(ResultRecord.parse(record))}\n`);
    for (let at = 0; at < line.length; ) at += writeSync(this.#descriptor, line, at);
    fdatasyncSync(this.#descriptor);
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}
