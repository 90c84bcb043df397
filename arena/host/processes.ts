/**
 * Processes as /proc shows them: state, children, open files, memory; and how they are signalled.
 *
 * Source: proc(5), /proc/PID/stat, /proc/PID/status, /proc/PID/fd.
 *
 * @module
 */

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** The fields of /proc/PID/stat that follow the command's name: state, parent, …; none when gone. */
export function statOf(pid: number): string[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return [];
  }
}

/** Living direct children (no zombies), oldest first. */
export function childrenOf(pid: number): number[] {
  const pids = readdirSync('/proc').map(Number).filter(Number.isInteger);
  const children = pids.filter((candidate) => {
    const [state, parent] = statOf(candidate);
    return Number(parent) === pid && state !== 'Z';
  });
  return children.toSorted((a, b) => a - b);
}

/** True until the process is gone (a zombie counts as gone). */
export function isAlive(pid: number): boolean {
  const [state] = statOf(pid);
  return state !== undefined && state !== 'Z';
}

/** What the descriptors of a process are open on, as paths where they have one. */
export function openFiles(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/${pid}/fd/${fd}`)];
    } catch {
      return []; // Closed meanwhile.
    }
  });
}

/** Resident memory now, in bytes; 0 when there is no such process. */
export function residentBytes(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

/** Sends a signal; a process that has gone meanwhile is no error. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // already gone
  }
}

/** Those of `pids` whose command line or title has `word` in it. */
export function processesNamed(pids: readonly number[], word: string): number[] {
  return pids.filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(word);
    } catch {
      return false; // gone meanwhile
    }
  });
}
