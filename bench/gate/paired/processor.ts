/**
 * Who used the processors: a side, to the nanosecond, and everybody who is not of this run.
 *
 * Source: kernel, Documentation/scheduler/sched-stats.rst (/proc/PID/task/TID/schedstat); proc(5),
 * /proc/stat, /proc/PID/stat fields 14 to 17, in ticks of 10 ms.
 *
 * @module
 */

import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

import { treeOf } from '../../../arena/adapters/process-tree.ts';
import { statOf } from '../../../test/support/processes.ts';

const TICKS_PER_S = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

/** What the threads of a process tree have used so far. */
export interface TreeTime {
  readonly ranNs: number;
  /** First threads alone: ready to run, while somebody else had the processor. */
  readonly waitedNs: number;
  /** Who was counted: where this changes, nothing was measured. */
  readonly pids: string;
}

export function treeTime(root: number): TreeTime {
  const tree = treeOf(root);
  let [ranNs, waitedNs] = [0, 0];
  for (const file of tree.flatMap(threadFiles)) {
    ranNs += Number(textOf(file).split(' ')[0]);
  }
  for (const pid of tree) waitedNs += Number(textOf(`/proc/${pid}/schedstat`).split(' ')[1]);
  return { ranNs, waitedNs, pids: tree.join(',') };
}

function threadFiles(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map((tid) => `/proc/${pid}/task/${tid}/schedstat`);
  } catch {
    return [];
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '0 0 0';
  }
}

/** The machine's time so far, in ticks over all processors. */
export interface MachineTime {
  readonly totalTicks: number;
  readonly stolenTicks: number;
  /** Used by anything, this run included. */
  readonly busyTicks: number;
  /** Used by this process, its children and those of them that have ended. */
  readonly ownTicks: number;
}

export function machineTime(): MachineTime {
  const [line = ''] = readFileSync('/proc/stat', 'latin1').split('\n');
  const fields = line.trim().split(/\s+/).slice(1, 9).map(Number);
  const [user = 0, nice = 0, system = 0, idle = 0, wait = 0, irq = 0, softirq = 0, stolen = 0] =
    fields;
  const busyTicks = user + nice + system + irq + softirq;
  const ownTicks = treeOf(process.pid)
    .flatMap((pid) => statOf(pid).slice(11, 15).map(Number))
    .reduce((sum, ticks) => sum + ticks, 0);
  return {
    totalTicks: busyTicks + idle + wait + stolen,
    stolenTicks: stolen,
    busyTicks,
    ownTicks,
  };
}

export interface MachineUse {
  /** Share of the time that the host took. */
  readonly stolenShare: number;
  /** Cores' worth of work that was not this run's. */
  readonly foreignCores: number;
}

export function machineUse(before: MachineTime, after: MachineTime, elapsedMs: number): MachineUse {
  const total = after.totalTicks - before.totalTicks;
  const busy = after.busyTicks - before.busyTicks;
  const own = after.ownTicks - before.ownTicks;
  const elapsedTicks = (elapsedMs / 1000) * TICKS_PER_S;
  return {
    stolenShare: total > 0 ? (after.stolenTicks - before.stolenTicks) / total : 0,
    foreignCores: elapsedTicks > 0 ? Math.max(0, (busy - own) / elapsedTicks) : 0,
  };
}
