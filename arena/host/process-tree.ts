/**
 * A process and all that descends from it: who they are, what memory they have, how they end.
 *
 * Memory is in bytes.
 *
 * Source: proc(5), /proc/PID/stat, /proc/PID/status.
 *
 * @module
 */

import { readdirSync, readFileSync } from 'node:fs';

import { isAlive, residentBytes, signal, statOf } from './processes.ts';
import { until } from './wait.ts';

/** How long processes that were killed may take to be gone. */
const GONE_TIMEOUT_MS = 2000;

/** A process and everything that descends from it, parents first. */
export function treeOf(root: number): number[] {
  const childrenOf = new Map<number, number[]>();
  for (const pid of allPids()) {
    const parent = Number(statOf(pid)[1]);
    const children = childrenOf.get(parent);
    if (children === undefined) childrenOf.set(parent, [pid]);
    else children.push(pid);
  }
  const tree = [root];
  for (const pid of tree) tree.push(...(childrenOf.get(pid) ?? []));
  return tree;
}

/**
 * The most memory that each living process of a tree has had resident, added up, in bytes. Pages
 * that processes share count once for each, and their peaks need not have been at one moment: it is
 * a maximum of what the tree can have had.
 */
export function memoryPeakOf(root: number): number {
  return treeOf(root).reduce((sum, pid) => sum + peakBytes(pid), 0);
}

function peakBytes(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

/** Resident memory of what descends from a process: its workers, in bytes. */
export function workerBytesOf(root: number): number {
  const [, ...workers] = treeOf(root);
  return workers.reduce((sum, pid) => sum + residentBytes(pid), 0);
}

/**
 * How long the first threads of a process's descendants were ready and had no processor, in ms.
 * Source: kernel, Documentation/scheduler/sched-stats.rst, /proc/PID/schedstat.
 */
export function workersWaitedMs(root: number): number {
  const [, ...workers] = treeOf(root);
  const waits = workers.map(
    (pid) => readFileSync(`/proc/${pid}/schedstat`, 'latin1').split(' ')[1],
  );
  return waits.reduce((sum, nanoseconds) => sum + Number(nanoseconds) / 1e6, 0);
}

/** A process that was seen, so that a later one of the same id is not taken for it. */
export interface Seen {
  readonly pid: number;
  /** In ticks since the machine started; field 22 of /proc/PID/stat. */
  readonly startedAt: string;
}

export function seenTree(root: number): Seen[] {
  return treeOf(root).flatMap(seen);
}

/** The processes of a group, whoever their parents are by now. */
export function seenGroup(group: number): Seen[] {
  const members = allPids().filter((pid) => Number(statOf(pid)[2]) === group);
  return members.flatMap(seen);
}

function seen(pid: number): Seen[] {
  const startedAt = statOf(pid)[19];
  return startedAt === undefined ? [] : [{ pid, startedAt }];
}

function allPids(): number[] {
  return readdirSync('/proc').map(Number).filter(Number.isInteger);
}

function isThere({ pid, startedAt }: Seen): boolean {
  return isAlive(pid) && statOf(pid)[19] === startedAt;
}

/** Kills those that are still there. Returns at once. */
export function killSeen(these: readonly Seen[]): void {
  for (const one of these) {
    if (isThere(one)) signal(one.pid, 'SIGKILL');
  }
}

/** Kills those that are still there, and waits until they are gone. Rejects when one stays. */
export async function endSeen(these: readonly Seen[]): Promise<void> {
  killSeen(these);
  await until('all processes are gone', () => !these.some(isThere), GONE_TIMEOUT_MS);
}
