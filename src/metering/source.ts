/**
 * One worker's folder of the spool, read from its cursor on: what was read and not shipped yet, in the order of the
 * worker.
 *
 * Bounds: `READ_AHEAD_MAX` events, and the portion they came with, are in memory.
 *
 * @module
 */

import { existsSync, readdirSync, rmSync, statSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';

import { isLocked, readSpool } from '../native/addon.ts';
import { type Cursor, readCursor, writeCursor } from './cursor.ts';

/** An event on its way from the spool to a sink. */
export interface SpooledEvent {
  /** Of the worker's events never less than the one before, so that order by time keeps theirs. */
  readonly timeMs: number;
  /** Empty when nobody's. */
  readonly tenant: string;
  readonly failed: boolean;
  /** JSON, without a line end. */
  readonly line: string;
  /** Where the folder's cursor is once it was shipped. */
  readonly behind: Cursor;
}

const READ_AHEAD_MAX = 20_000;
/** Polls after which an event of a living worker that is in pieces is given up: it may be being written. */
const TORN_PATIENCE = 3;

export class SpoolSource {
  readonly folder: string;
  /** Read and not shipped, the oldest first. */
  #waiting: SpooledEvent[] = [];
  #cursor: Cursor;
  #reading: Cursor;
  #latestMs = 0;
  #tornAt = '';
  #tornPolls = 0;
  #torn = 0;
  #exhausted = false;
  #orphaned = false;
  #isSaved = true;

  constructor(folder: string) {
    this.folder = folder;
    this.#cursor = readCursor(folder);
    this.#reading = this.#cursor;
  }

  get waiting(): readonly SpooledEvent[] {
    return this.#waiting;
  }

  /** What is waiting, which then waits no more: for whoever only looks. */
  takeWaiting(): readonly SpooledEvent[] {
    const taken = this.#waiting;
    this.#waiting = [];
    return taken;
  }

  /** Whether everything that was written is in `waiting` or was shipped. */
  get exhausted(): boolean {
    return this.#exhausted;
  }

  /** Whether its worker is gone and everything was shipped. */
  get finished(): boolean {
    return this.#orphaned && this.#exhausted && this.#waiting.length === 0;
  }

  /** Events in pieces since it was last asked. */
  takeTorn(): number {
    const torn = this.#torn;
    this.#torn = 0;
    return torn;
  }

  /** Reads what there is, as much as may be in memory. */
  read(): void {
    // Asked first: a worker that ends while its segments are read has written nothing behind them.
    this.#orphaned = !isLocked(join(this.folder, 'owner.lock'));
    this.#exhausted = false;
    while (this.#waiting.length < READ_AHEAD_MAX && this.#readPortion());
  }

  /** The first `count` events have been taken by the sink. */
  acknowledge(count: number): void {
    const last = this.#waiting[count - 1];
    if (last === undefined) return;
    this.#waiting = this.#waiting.slice(count);
    this.#moveTo(last.behind);
  }

  /**
   * Whether the cursor's file says what was shipped. On a full disk it may not, until a segment that was shipped has
   * made room: then a death meanwhile ships some events again.
   */
  get isSaved(): boolean {
    return this.#isSaved;
  }

  /** Throws the folder away, once it is finished. */
  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Lets go of segments that were read whole and in which nothing waits. */
  sweep(): void {
    const isBehind = this.#cursor.segment < this.#reading.segment;
    if (this.#waiting.length === 0 && isBehind) this.#moveTo(this.#reading);
  }

  /** First what makes room, then what needs some. */
  #moveTo(cursor: Cursor): void {
    if (cursor.segment > this.#cursor.segment) this.#removeBefore(cursor.segment);
    this.#cursor = cursor;
    try {
      writeCursor(this.folder, cursor);
      this.#isSaved = true;
    } catch {
      this.#isSaved = false;
    }
  }

  /** False when there is nothing more for now. */
  #readPortion(): boolean {
    const number = this.#numbers().find((known) => known >= this.#reading.segment);
    if (number === undefined) {
      this.#exhausted = true;
      return false;
    }
    if (number > this.#reading.segment) this.#reading = { segment: number, offset: 0 };
    const path = join(this.folder, fileOf(number));
    // Thrown away meanwhile, to make room: go on with the one behind it.
    if (!existsSync(path)) return true;
    const portion = readSpool(path, this.#reading.offset);
    this.#take(portion, number);
    switch (portion.state) {
      case 'more':
        this.#reading = { segment: number, offset: portion.next };
        return true;
      case 'torn':
        return this.#passTorn(number, portion.ends.at(-1) ?? this.#reading.offset, portion.next);
      case 'sealed':
        this.#reading = { segment: number + 1, offset: 0 };
        return true;
      case 'open':
        this.#reading = { segment: number, offset: portion.next };
        if (!this.#orphaned) this.#exhausted = true;
        else this.#reading = { segment: number + 1, offset: 0 };
        return this.#orphaned;
      default:
        return false;
    }
  }

  #passTorn(segment: number, at: number, behind: number): boolean {
    const place = `${segment}:${at}`;
    this.#tornPolls = place === this.#tornAt ? this.#tornPolls + 1 : 1;
    this.#tornAt = place;
    this.#reading = { segment, offset: at };
    if (!this.#orphaned && this.#tornPolls < TORN_PATIENCE) return false;
    this.#torn += 1;
    this.#reading = { segment, offset: behind };
    return true;
  }

  #take(portion: ReturnType<typeof readSpool>, segment: number): void {
    const lines = portion.lines.split('\n');
    for (const [index, end] of portion.ends.entries()) {
      this.#latestMs = Math.max(this.#latestMs, portion.timesMs[index] ?? 0);
      this.#waiting.push({
        timeMs: this.#latestMs,
        tenant: portion.tenants[index] ?? '',
        failed: portion.failures[index] ?? false,
        line: lines[index] ?? '',
        behind: { segment, offset: end },
      });
    }
  }

  #removeBefore(segment: number): void {
    for (const number of this.#numbers()) {
      if (number < segment) unlinkIfThere(join(this.folder, fileOf(number)));
    }
  }

  #numbers(): number[] {
    return segmentsIn(this.folder);
  }
}

/** Bytes of the segments in a worker's folder. */
export function segmentBytes(folder: string): number {
  let sum = 0;
  for (const number of segmentsIn(folder)) {
    sum += statSync(join(folder, fileOf(number)), { throwIfNoEntry: false })?.size ?? 0;
  }
  return sum;
}

/** The workers' folders in a spool, in no order. */
export function foldersIn(spool: string): string[] {
  return namesIn(spool)
    .filter((name) => /^[0-9a-f]{16}-w\d+$/.test(name))
    .map((name) => join(spool, name));
}

function segmentsIn(folder: string): number[] {
  return namesIn(folder)
    .filter((name) => /^\d{12}\.seg$/.test(name))
    .map((name) => Number(name.slice(0, 12)))
    .toSorted((one, other) => one - other);
}

function fileOf(number: number): string {
  return `${String(number).padStart(12, '0')}.seg`;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function unlinkIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (existsSync(path)) throw error;
  }
}
