/**
 * What the schedule is doing, in `status.json` beside its results: for `serve`, for monitoring, and
 * for the next schedule, which must not start a round while one of the last schedule still runs.
 *
 * Written whole and renamed, by the holder of the lock only.
 *
 * Bounds: 64 KiB are read; texts are cut at 1 000 characters.
 *
 * @module
 */

import { closeSync, fsyncSync, openSync, renameSync, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { z } from 'zod';

import { statusFile } from './layout.ts';
import { ProcessIdentity } from './process-identity.ts';

const STATUS_MAX_BYTES = 65_536;
const TEXT_MAX = 1000;

const Moment = z.iso.datetime();
const Text = z.string().transform((text) => text.slice(0, TEXT_MAX));

export const SKIP_REASONS = ['still-running', 'busy', 'disk-full'] as const;
export type SkipReason = (typeof SKIP_REASONS)[number];

const OUTCOMES = ['complete', 'failed', 'timed-out', 'stopped'] as const;
export type Outcome = (typeof OUTCOMES)[number];

export const RoundStatus = z.strictObject({
  run: z.string().max(64),
  at: Moment,
  endedAt: Moment,
  outcome: z.enum(OUTCOMES),
  /** Empty when it is complete. */
  why: Text,
  /** Whether a report was made of what was measured. */
  reported: z.boolean(),
});
export type RoundStatus = z.infer<typeof RoundStatus>;

export const ScheduleStatus = z.strictObject({
  version: z.literal(1),
  updatedAt: Moment,
  /** Null for a schedule of somebody else, such as a timer. */
  cron: z.string().max(200).nullable(),
  state: z.enum(['waiting', 'running', 'stopped']),
  next: Moment.nullable(),
  /** The round that runs; what is left of one whose schedule was killed. */
  running: z
    .strictObject({ run: z.string().max(64), at: Moment, process: ProcessIdentity })
    .nullable(),
  last: RoundStatus.nullable(),
  lastComplete: RoundStatus.nullable(),
  skipped: z.strictObject({ at: Moment, reason: z.enum(SKIP_REASONS), why: Text }).nullable(),
  /** Since the folder was made. */
  counts: z.strictObject({
    complete: z.int().nonnegative(),
    failed: z.int().nonnegative(),
    skipped: z.int().nonnegative(),
  }),
});
export type ScheduleStatus = z.infer<typeof ScheduleStatus>;

export function freshStatus(now: Date): ScheduleStatus {
  return {
    version: 1,
    updatedAt: now.toISOString(),
    cron: null,
    state: 'waiting',
    next: null,
    running: null,
    last: null,
    lastComplete: null,
    skipped: null,
    counts: { complete: 0, failed: 0, skipped: 0 },
  };
}

/** The status of a folder; null when there is none that can be read. */
export async function readStatus(folder: string): Promise<ScheduleStatus | null> {
  try {
    const file = await open(statusFile(folder));
    try {
      const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(STATUS_MAX_BYTES) });
      const text = buffer.toString('utf8', 0, bytesRead);
      return ScheduleStatus.safeParse(JSON.parse(text)).data ?? null;
    } finally {
      await file.close();
    }
  } catch {
    return null;
  }
}

/** Throws when the disk doesn't take it; the old one stands then. */
export function writeStatus(folder: string, status: ScheduleStatus): void {
  const fresh = `${statusFile(folder)}.new`;
  const file = openSync(fresh, 'w', 0o644);
  try {
    writeSync(file, `${JSON.stringify(ScheduleStatus.parse(status), null, 2)}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(fresh, statusFile(folder));
}
