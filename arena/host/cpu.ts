/**
 * CPU time of a process tree, to the nanosecond where that can be had.
 *
 * /proc/PID/stat counts in ticks of 10 ms, which is several percent of a short window; schedstat
 * counts each thread's time in nanoseconds. It forgets threads that ended, so where one did, the
 * ticks are taken.
 *
 * Source: kernel, Documentation/scheduler/sched-stats.rst, /proc/PID/task/TID/schedstat; proc(5),
 * /proc/PID/stat fields 14 and 15.
 *
 * @module
 */

import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

import { statOf } from './processes.ts';
import { treeOf } from './process-tree.ts';

export const TICKS_PER_S = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

export interface CpuReading {
  /** User and system time of all processes, counted in ticks, in microseconds. */
  readonly ticksUs: number;
  /** Nanoseconds on a processor so far, by thread. */
  readonly threads: ReadonlyMap<number, number>;
  /** First threads alone: ready to run, while somebody else had the processor. */
  readonly waitedNs: number;
  /** Who was counted: a window in which this changes can't be measured. */
  readonly pids: string;
}

/** What `root` and all that descends from it have used so far. */
export function readCpu(root: number): CpuReading {
  const tree = treeOf(root);
  const threads = new Map<number, number>();
  let [ticks, waitedNs] = [0, 0];
  for (const pid of tree) {
    const stat = statOf(pid);
    ticks += Number(stat[11] ?? 0) + Number(stat[12] ?? 0);
    waitedNs += schedulingOf(`/proc/${pid}/schedstat`)?.waitedNs ?? 0;
    for (const thread of threadsOf(pid)) {
      const ranNs = schedulingOf(`/proc/${pid}/task/${thread}/schedstat`)?.ranNs;
      if (ranNs !== undefined) threads.set(Number(thread), ranNs);
    }
  }
  return { ticksUs: (ticks * 1e6) / TICKS_PER_S, threads, waitedNs, pids: tree.join(',') };
}

/** User and system time between two readings, in microseconds. */
export function cpuUsBetween(before: CpuReading, after: CpuReading): number {
  let sumNs = 0;
  for (const thread of before.threads.keys()) {
    if (!after.threads.has(thread)) return after.ticksUs - before.ticksUs;
  }
  for (const [thread, ranNs] of after.threads) sumNs += ranNs - (before.threads.get(thread) ?? 0);
  // A kernel without these counters tells nothing, or zeros.
  return sumNs > 0 ? sumNs / 1000 : after.ticksUs - before.ticksUs;
}

function threadsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

/** Null where the thread has ended, or the kernel does not count. */
function schedulingOf(file: string): { ranNs: number; waitedNs: number } | null {
  try {
    const [ranNs, waitedNs] = readFileSync(file, 'latin1').split(' ').map(Number);
    if (ranNs === undefined || !Number.isFinite(ranNs)) return null;
    return { ranNs, waitedNs: waitedNs ?? 0 };
  } catch {
    return null;
  }
}
