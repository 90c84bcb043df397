/**
 * Who used the processors: a side, to the nanosecond, and everybody who is on its core with it.
 *
 * Source: kernel, Documentation/scheduler/sched-stats.rst (/proc/PID/task/TID/schedstat); proc(5),
 * /proc/stat, in ticks of 10 ms.
 *
 * @module
 */

import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

import { treeOf } from '../../../arena/adapters/process-tree.ts';

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

/** What has become of the machine's time and of one processor's so far, in ticks. */
export interface MachineTime {
  /** Of all processors. */
  readonly totalTicks: number;
  /** Taken by the host from all processors. */
  readonly stolenTicks: number;
  /** Used by processes on the one processor, whosoever; interrupts are not in it. */
  readonly busyTicks: number;
}

interface ProcessorLine {
  readonly busyTicks: number;
  readonly totalTicks: number;
  readonly stolenTicks: number;
}

function processorLine(text: string): ProcessorLine {
  const fields = text.trim().split(/\s+/).slice(1, 9).map(Number);
  const [user = 0, nice = 0, system = 0, , , , , stolenTicks = 0] = fields;
  return {
    busyTicks: user + nice + system,
    totalTicks: fields.reduce((sum, ticks) => sum + ticks, 0),
    stolenTicks,
  };
}

/** Rejects nothing: a machine without the processor `core` has used none of it. */
export function machineTime(
  core: string,
  stat = readFileSync('/proc/stat', 'latin1'),
): MachineTime {
  const lines = stat.split('\n');
  const { totalTicks, stolenTicks } = processorLine(lines[0] ?? '');
  const own = lines.find((line) => line.startsWith(`cpu${core} `)) ?? '';
  return { totalTicks, stolenTicks, busyTicks: processorLine(own).busyTicks };
}

export interface MachineUse {
  /** Share of the time that the host took. */
  readonly stolenShare: number;
  /** Share of the processor that went to others than who was measured on it. */
  readonly foreignCores: number;
}

/** What was used between two moments, of which `ranNs` by who was measured. */
export function machineUse(
  before: MachineTime,
  after: MachineTime,
  { ranNs, elapsedMs }: { readonly ranNs: number; readonly elapsedMs: number },
): MachineUse {
  const total = after.totalTicks - before.totalTicks;
  const busyMs = ((after.busyTicks - before.busyTicks) / TICKS_PER_S) * 1000;
  return {
    stolenShare: total > 0 ? (after.stolenTicks - before.stolenTicks) / total : 0,
    foreignCores: elapsedMs > 0 ? Math.max(0, busyMs - ranNs / 1e6) / elapsedMs : 0,
  };
}
