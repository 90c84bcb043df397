/**
 * The sink that is a file: a line of JSON an event, on the disk before it is acknowledged.
 *
 * Bounds: a file of `maxBytes` and one batch; `filesMax` put aside, as `NAME.TIME`; the oldest is deleted.
 *
 * @module
 */

import { mkdirSync, readdirSync } from 'node:fs';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import type { Model } from '../config/schema.ts';
import { syncFolder } from './cursor.ts';
import type { Sink } from './sink.ts';
import type { SpooledEvent } from './source.ts';

type Options = NonNullable<Model['metering']>['file'];

export class FileSink implements Sink {
  readonly #options: Options;
  readonly #now: () => number;
  #file: FileHandle | undefined;
  #bytes = 0;
  #bornMs = 0;

  constructor(options: Options, now: () => number = Date.now) {
    this.#options = options;
    this.#now = now;
  }

  async send(events: readonly SpooledEvent[]): Promise<void> {
    const file = await this.#current();
    const text = Buffer.from(events.map(({ line }) => `${line}\n`).join(''));
    const before = this.#bytes;
    try {
      await file.appendFile(text);
      await file.datasync();
    } catch (error) {
      // The batch comes again: half of it, and above all half a line, must not stay.
      await file.truncate(before).catch(() => {});
      await this.close();
      throw error;
    }
    this.#bytes += text.length;
  }

  async close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  async #current(): Promise<FileHandle> {
    this.#file ??= await this.#open();
    const { maxBytes, maxAgeMs } = this.#options;
    const isOld = this.#bytes > 0 && this.#now() - this.#bornMs >= maxAgeMs;
    if (this.#bytes < maxBytes && !isOld) return this.#file;
    await this.#putAside();
    this.#file = await this.#open();
    return this.#file;
  }

  async #open(): Promise<FileHandle> {
    const { path } = this.#options;
    mkdirSync(dirname(path), { recursive: true });
    const file = await open(path, 'a+', 0o640);
    try {
      const { size, birthtimeMs } = await file.stat();
      this.#bornMs = size === 0 ? this.#now() : birthtimeMs;
      this.#bytes = await cutHalfLine(file, size);
    } catch (error) {
      await file.close();
      throw error;
    }
    return file;
  }

  async #putAside(): Promise<void> {
    const { path, filesMax } = this.#options;
    await this.close();
    const names = filesBeside(path);
    const stamp = new Date(this.#now()).toISOString().replaceAll(/[-:]/g, '');
    // Names sort by age, also two of one millisecond.
    let name = `${path}.${stamp}`;
    for (let nth = 1; names.includes(name); nth += 1) name = `${path}.${stamp}.${nth}`;
    await rename(path, name);
    const tooMany = [...names, name].toReversed().slice(filesMax);
    await Promise.all(tooMany.map((old) => rm(old, { force: true })));
    syncFolder(dirname(path));
  }
}

/** The files that were put aside, the oldest first. */
export function filesBeside(path: string): string[] {
  const prefix = `${basename(path)}.`;
  return readdirSync(dirname(path))
    .filter((name) => name.startsWith(prefix) && /^\d{8}T\d{6}/.test(name.slice(prefix.length)))
    .toSorted()
    .map((name) => join(dirname(path), name));
}

const LINE_MAX_BYTES = 64 * 1024;

/** What a death in the middle of a line left behind is cut off; returns the length that is left. */
async function cutHalfLine(file: FileHandle, size: number): Promise<number> {
  if (size === 0) return 0;
  const tail = Buffer.alloc(Math.min(size, LINE_MAX_BYTES));
  const { bytesRead } = await file.read(tail, 0, tail.length, size - tail.length);
  const kept = size - bytesRead + tail.subarray(0, bytesRead).lastIndexOf(0x0a) + 1;
  if (kept < size) await file.truncate(kept);
  return kept;
}
