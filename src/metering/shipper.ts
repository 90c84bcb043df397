/**
 * Takes events from the spool to the sink, in order, and lets go of what the sink has acknowledged.
 *
 * At least once: the cursor moves behind the sink's word, so a death in between sends a batch again, with the same ids.
 * A sink that fails is tried again, ever more slowly; nothing is skipped.
 * Bounds: a batch of `eventsMax`; what each source reads ahead; a pause of `retryMaxMs`.
 *
 * @module
 */

import { mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';

import type { Model } from '../config/schema.ts';
import { holdLock, releaseLock, type ShipperCounts } from '../native/addon.ts';
import { describeError, type Log } from '../telemetry/log.ts';
import { takeOldest } from './merge.ts';
import type { Sink } from './sink.ts';
import { foldersIn, segmentBytes, SpoolSource } from './source.ts';

type Metering = NonNullable<Model['metering']>;

export interface ShipperOptions {
  readonly spool: Pick<Metering['spool'], 'directory'>;
  readonly batch: Metering['batch'];
  readonly sink: Sink;
  readonly log: Log;
  readonly now?: () => number;
}

/** Between the moment an event's time is taken and the moment it is in the spool lies less. */
const SETTLE_MS = 20;
const RETRY_FIRST_MS = 100;

export class Shipper {
  readonly #options: ShipperOptions;
  readonly #now: () => number;
  readonly #sources = new Map<string, SpoolSource>();
  #stopping = false;
  #draining = false;
  #retryMs = RETRY_FIRST_MS;
  #wake: () => void = () => {};
  #shipped = 0;
  #torn = 0;
  #sinkFailures = 0;
  #sinkUp = true;
  #hasWarned = false;
  #cursorFails = false;

  constructor(options: ShipperOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  get counts(): ShipperCounts {
    const folders = foldersIn(this.#options.spool.directory);
    return {
      spoolBytes: folders.reduce((sum, folder) => sum + segmentBytes(folder), 0),
      shipped: this.#shipped,
      torn: this.#torn,
      sinkFailures: this.#sinkFailures,
      sinkUp: this.#sinkUp,
    };
  }

  /** Ships until told to stop. Only one process ships a spool at a time; others wait for their turn. */
  async run(): Promise<void> {
    const { directory } = this.#options.spool;
    const lock = join(directory, 'shipper.lock');
    mkdirSync(directory, { recursive: true });
    try {
      // oxlint-disable-next-line eslint/no-await-in-loop -- batches are shipped one after the other
      while (!this.#stopping) await this.#turn(lock);
      if (this.#draining && holdLock(lock)) await this.#drain();
    } finally {
      releaseLock(lock);
      await this.#options.sink.close();
    }
  }

  /** Ends `run` after the batch under way; with `drain`, once nothing is left or the sink fails. */
  stop(drain: boolean): void {
    this.#draining = drain;
    this.#stopping = true;
    this.#wake();
  }

  /** Ships one batch. Returns how many events it had. Rejects when the sink does. */
  async shipOnce(untilMs = this.#now() - SETTLE_MS): Promise<number> {
    const sources = this.#read();
    const counts = takeOldest(sources, untilMs, this.#options.batch.eventsMax);
    const events = sources
      .flatMap(({ waiting }, index) => waiting.slice(0, counts[index]))
      .toSorted((one, other) => one.timeMs - other.timeMs);
    if (events.length > 0) await this.#options.sink.send(events);
    for (const [index, source] of sources.entries()) source.acknowledge(counts[index] ?? 0);
    this.#shipped += events.length;
    this.#warnOfCursors(sources);
    this.#letGo(sources);
    return events.length;
  }

  async #turn(lock: string): Promise<void> {
    const { batch, log } = this.#options;
    let pauseMs = batch.pollMs;
    try {
      if (!holdLock(lock)) {
        if (!this.#hasWarned)
          log('warn', 'metering_waits', { lock, reason: 'another process ships' });
        this.#hasWarned = true;
      } else {
        if ((await this.shipOnce()) > 0) pauseMs = 0;
        this.#succeeded();
      }
    } catch (error) {
      pauseMs = this.#failed(error);
    }
    if (pauseMs > 0 && !this.#stopping) await this.#pause(pauseMs);
  }

  async #drain(): Promise<void> {
    try {
      // oxlint-disable-next-line eslint/no-await-in-loop -- as above
      while ((await this.shipOnce(Number.POSITIVE_INFINITY)) > 0);
    } catch (error) {
      this.#failed(error);
    }
  }

  #read(): SpoolSource[] {
    for (const folder of foldersIn(this.#options.spool.directory)) {
      if (!this.#sources.has(folder)) this.#sources.set(folder, new SpoolSource(folder));
    }
    const sources = [...this.#sources.values()];
    for (const source of sources) {
      source.read();
      const torn = source.takeTorn();
      this.#torn += torn;
      if (torn > 0)
        this.#options.log('warn', 'metering_torn', { folder: source.folder, events: torn });
    }
    return sources;
  }

  #warnOfCursors(sources: readonly SpoolSource[]): void {
    const unsaved = sources.find(({ isSaved }) => !isSaved);
    if (unsaved !== undefined && !this.#cursorFails) {
      const reason = 'the disk is full, or the folder not to be written to';
      this.#options.log('warn', 'metering_cursor_not_saved', { folder: unsaved.folder, reason });
    }
    this.#cursorFails = unsaved !== undefined;
  }

  #letGo(sources: readonly SpoolSource[]): void {
    for (const source of sources) {
      if (source.finished) {
        source.remove();
        this.#sources.delete(source.folder);
        this.#options.log('info', 'metering_folder_shipped', { folder: basename(source.folder) });
      } else {
        source.sweep();
      }
    }
  }

  #succeeded(): void {
    if (!this.#sinkUp) this.#options.log('info', 'metering_sink_back', {});
    this.#sinkUp = true;
    this.#retryMs = RETRY_FIRST_MS;
  }

  #failed(error: unknown): number {
    const pauseMs = this.#retryMs;
    this.#sinkFailures += 1;
    this.#sinkUp = false;
    this.#retryMs = Math.min(pauseMs * 2, this.#options.batch.retryMaxMs);
    this.#options.log('error', 'metering_sink_failed', { message: describeError(error), pauseMs });
    return pauseMs;
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
