/**
 * Which cores processes may run on: read, and changed with all their threads.
 *
 * Source: sched_setaffinity(2), taskset(1); proc(5), /proc/PID/status (Cpus_allowed_list) and
 * /proc/PID/stat field 22, in ticks since the machine began.
 *
 * @module
 */

import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

import { statOf } from './processes.ts';

export interface Placed {
  readonly pid: number;
  /** Where it may run, as the kernel lists it: `0-3,8`. */
  readonly allowed: string;
}

/** The cores of a list such as `0-3,8`. */
export function coresOf(list: string): Set<number> {
  return new Set(
    list.split(',').flatMap((part) => {
      const [first = Number.NaN, last = first] = part.split('-').map(Number);
      return Array.from({ length: last - first + 1 }, (_, at) => first + at);
    }),
  );
}

/** Cores as the kernel lists them. */
export function listOf(cores: Iterable<number>): string {
  const sorted = [...cores].toSorted((a, b) => a - b);
  const firsts = sorted.filter((core, at) => sorted[at - 1] !== core - 1);
  const lasts = sorted.filter((core, at) => sorted[at + 1] !== core + 1);
  return firsts.map((first, at) => (first === lasts[at] ? first : `${first}-${lasts[at]}`)).join();
}

/** Where a process may run; empty when it is gone. */
export function allowedOf(pid: number): string {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    return /^Cpus_allowed_list:\s+(\S+)$/m.exec(status)?.[1] ?? '';
  } catch {
    return '';
  }
}

export function everyProcess(): Placed[] {
  const pids = readdirSync('/proc').map(Number).filter(Number.isInteger);
  return pids
    .map((pid) => ({ pid, allowed: allowedOf(pid) }))
    .filter(({ allowed }) => allowed !== '');
}

/** When a process began, in ticks since the machine did; 0 when it is gone. */
export function bornTicksOf(pid: number): number {
  return Number(statOf(pid)[19] ?? 0);
}

/** Whether it could be moved: kernel threads of one core can't. */
export function moveTo(cores: string, pid: number): boolean {
  const args = ['--all-tasks', '--cpu-list', '--pid', cores, `${pid}`];
  return spawnSync('taskset', args, { stdio: 'ignore' }).status === 0;
}
