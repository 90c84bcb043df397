/**
 * Which earlier runs a report has as its history: all of the last two days, and the first of each
 * day before, so that the same ones are chosen again each time.
 *
 * Bound: 96 recent runs and 304 days.
 *
 * @module
 */

import type { DatedRun } from './retention.ts';

const RECENT_MAX = 96;
const DAYS_MAX = 304;

/** Names of the runs that began before `run` did, oldest first; none when `run` is not there. */
export function historyOf(runs: readonly DatedRun[], run: string): string[] {
  const untilMs = runs.find(({ name }) => name === run)?.atMs ?? 0;
  const earlier = runs
    .filter(({ name, atMs }) => name !== run && atMs < untilMs)
    .toSorted((one, other) => one.atMs - other.atMs);
  const recent = earlier.slice(-RECENT_MAX);
  const firstOfDay = new Map<string, DatedRun>();
  for (const one of earlier.slice(0, -RECENT_MAX)) {
    const day = new Date(one.atMs).toISOString().slice(0, 10);
    if (!firstOfDay.has(day)) firstOfDay.set(day, one);
  }
  return [...[...firstOfDay.values()].slice(-DAYS_MAX), ...recent].map(({ name }) => name);
}
