/**
 * Up to where a worker's folder of the spool was shipped: a file that is either the old or the new one, whole.
 *
 * Native code reads it, too, to know what it throws away (`native/addon/src/spool/folder.rs`).
 *
 * @module
 */

import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** The first byte not shipped. */
export interface Cursor {
  readonly segment: number;
  readonly offset: number;
}

export const START: Cursor = { segment: 0, offset: 0 };

const FILE = 'cursor.json';

/** `START` where there is none, or none that makes sense: then events are shipped again. */
export function readCursor(folder: string): Cursor {
  try {
    return parseCursor(readFileSync(join(folder, FILE), 'utf8'));
  } catch {
    return START;
  }
}

/** The cursor that a file's text says; `START` if it says none. */
export function parseCursor(text: string): Cursor {
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch {
    return START;
  }
  if (typeof read !== 'object' || read === null) return START;
  const { segment, offset } = read as Partial<Record<keyof Cursor, unknown>>;
  return isCount(segment) && isCount(offset) ? { segment, offset } : START;
}

/** On the disk when this returns. Throws when it can't be written; the old one stays. */
export function writeCursor(folder: string, { segment, offset }: Cursor): void {
  const file = join(folder, FILE);
  const next = `${file}.new`;
  const descriptor = openSync(next, 'w', 0o640);
  try {
    writeSync(descriptor, `${JSON.stringify({ segment, offset })}\n`);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(next, file);
  syncFolder(folder);
}

/** Makes names given in a folder last. */
export function syncFolder(folder: string): void {
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
