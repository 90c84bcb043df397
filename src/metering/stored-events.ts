/**
 * Every event that is to be had here: those still in the spool, then those in the file sink's files.
 *
 * The spool comes first: an event that is shipped meanwhile is then found twice rather than not at all.
 *
 * @module
 */

import { createReadStream, existsSync } from 'node:fs';
import { createInterface } from 'node:readline';

import type { Model } from '../config/schema.ts';
import { GatewayError } from '../errors.ts';
import { type MeteringEvent, MeteringEvent as Schema } from './event-schema.ts';
import { filesBeside } from './file-sink.ts';
import { foldersIn, SpoolSource } from './source.ts';

/**
 * Throws when a file holds something else.
 *
 * @yields Each event, an event that is shipped meanwhile twice.
 */
export async function* storedEvents({
  spool,
  sink,
  file,
}: NonNullable<Model['metering']>): AsyncGenerator<MeteringEvent> {
  for (const folder of foldersIn(spool.directory)) {
    const source = new SpoolSource(folder);
    for (source.read(); source.waiting.length > 0; source.read()) {
      for (const { line } of source.takeWaiting()) yield eventOf(line, folder);
    }
  }
  if (sink !== 'file' || !existsSync(file.path)) return;
  yield* eventsInFiles([...filesBeside(file.path), file.path]);
}

/**
 * Throws when a file can't be read, or holds something else.
 *
 * @yields The events of one file after the other.
 */
export async function* eventsInFiles(paths: readonly string[]): AsyncGenerator<MeteringEvent> {
  for (const path of paths) {
    if (!existsSync(path)) throw new GatewayError('usage', `no such file: ${path}`);
    const lines = createInterface({ input: createReadStream(path, 'utf8') });
    // oxlint-disable-next-line eslint/no-await-in-loop -- one file after the other
    for await (const line of lines) if (line !== '') yield eventOf(line, path);
  }
}

function eventOf(line: string, from: string): MeteringEvent {
  try {
    return Schema.parse(JSON.parse(line));
  } catch (cause) {
    throw new GatewayError('usage', `${from} holds a line that is no usage event`, { cause });
  }
}
