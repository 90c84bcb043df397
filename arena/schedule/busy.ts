/**
 * How much of the machine others use, measured while nothing of the arena runs.
 *
 * The load average would do that only in part: it remembers the last minutes, so also our own last
 * round, and counts what waits for a disk.
 *
 * Unit: cores. Time that the host took away (steal) counts as used.
 *
 * Source: proc(5), /proc/stat; guest time is part of user time already.
 *
 * @module
 */

import { readFileSync } from 'node:fs';

import type { Clock } from './clock.ts';

/** How long it is looked at. Ticks are 10 ms: 300 a core. */
const WINDOW_MS = 3000;

interface CpuTime {
  readonly busyTicks: number;
  readonly allTicks: number;
  readonly cores: number;
}

/** Reads the text of /proc/stat; null when it is none. */
export function cpuTimeOf(text: string): CpuTime | null {
  const lines = text.split('\n');
  const all = lines.find((line) => line.startsWith('cpu '));
  if (all === undefined) return null;
  const ticks = all.trim().split(/\s+/).slice(1, 9).map(Number);
  if (ticks.length < 5 || !ticks.every((count) => Number.isFinite(count) && count >= 0))
    return null;
  const allTicks = ticks.reduce((sum, count) => sum + count, 0);
  const idleTicks = (ticks[3] ?? 0) + (ticks[4] ?? 0);
  const cores = lines.filter((line) => /^cpu\d/.test(line)).length;
  return { busyTicks: allTicks - idleTicks, allTicks, cores };
}

/** Cores' worth of work between two readings; 0 when no time has passed. */
export function coresBusy(before: CpuTime, after: CpuTime): number {
  const all = after.allTicks - before.allTicks;
  // Waiting for disks is known to be counted backwards now and then.
  const busy = Math.max(0, after.busyTicks - before.busyTicks);
  return all <= 0 ? 0 : Math.min(1, busy / all) * after.cores;
}

/** Looks for three seconds. Rejects where /proc/stat can't be read. */
export async function measureCoresBusy(clock: Clock, signal: AbortSignal): Promise<number> {
  const before = readCpuTime();
  await clock.sleep(WINDOW_MS, signal);
  return coresBusy(before, readCpuTime());
}

function readCpuTime(): CpuTime {
  const time = cpuTimeOf(readFileSync('/proc/stat', 'latin1'));
  if (time === null) throw new Error('/proc/stat is not as proc(5) has it: no line "cpu"');
  return time;
}
