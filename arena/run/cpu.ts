/**
 * CPU time of a process tree, to the microsecond where that can be had.
 *
 * /proc/PID/stat counts in ticks of 10 ms, which is several percent of a short window; schedstat
 * counts each thread's time in nanoseconds. It forgets threads that ended, so where one did, the
 * ticks are taken.
 *
 * Source: kernel, Documentation/scheduler/sched-stats.rst, /proc/PID/task/TID/schedstat.
 *
 * @module
 */

import { readdirSync, readFileSync } from 'node:fs';

import { cpuOf } from '../adapters/process-tree.ts';

export interface CpuReading {
  /** In ticks, of all processes. */
  readonly cpuUs: number;
  /** Who was counted: a window in which this changes can't be measured. */
  readonly pids: string;
  /** Nanoseconds on a processor so far, by thread. */
  readonly threads: ReadonlyMap<number, number>;
}

export function readCpu(root: number): CpuReading {
  const use = cpuOf(root);
  const threads = new Map<number, number>();
  for (const pid of use.pids.split(',')) {
    for (const thread of threadsOf(pid)) {
      const ranNs = ranNsOf(pid, thread);
      if (ranNs !== null) threads.set(Number(thread), ranNs);
    }
  }
  return { ...use, threads };
}

/** User and system time between two readings, in microseconds. */
export function cpuUsBetween(before: CpuReading, after: CpuReading): number {
  let sumNs = 0;
  for (const thread of before.threads.keys()) {
    if (!after.threads.has(thread)) return after.cpuUs - before.cpuUs;
  }
  for (const [thread, ranNs] of after.threads) sumNs += ranNs - (before.threads.get(thread) ?? 0);
  // A kernel without these counters tells nothing, or zeros.
  return sumNs > 0 ? sumNs / 1000 : after.cpuUs - before.cpuUs;
}

function threadsOf(pid: string): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

function ranNsOf(pid: string, thread: string): number | null {
  try {
    const text = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'latin1');
    const ranNs = Number(text.split(' ')[0]);
    return Number.isFinite(ranNs) ? ranNs : null;
  } catch {
    return null;
  }
}
