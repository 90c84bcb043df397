/**
 * Keeps everybody else out of the target's cores while a run lasts: on a machine whose load has
 * real-time priority, what else wants to run would run where the target does, and a target that
 * waits 4 ms for its turn is 4 ms slow.
 *
 * Processes that may use a cleared core are moved to the others, with all their threads; what they
 * start later inherits that. A process that is bound to cleared cores alone stays, and so do kernel
 * threads that may not be moved. A shell that waits for the shield to be lifted, or for this process to
 * end, however it does, gives the cores back.
 *
 * Bounds: 4 096 processes; 10 s to give the cores back.
 *
 * Source: sched_setaffinity(2), taskset(1); /proc/PID/status, Cpus_allowed_list.
 *
 * @module
 */

import { spawn, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { Socket } from 'node:net';

import { within } from './within.ts';

/** Processes that are moved, at most: what comes after stays where it is. */
const MOVED_MAX = 4096;
const LIFT_TIMEOUT_MS = 10_000;
const RESTORE = `cat >/dev/null
while [ $# -gt 1 ]; do taskset --all-tasks --cpu-list --pid "$1" "$2"; shift 2; done`;

interface Placed {
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

/** Who has to move so that `cleared` is free: those that may run there, and elsewhere. */
export function movable(placed: readonly Placed[], cleared: string): Placed[] {
  const free = coresOf(cleared);
  return placed.filter(({ allowed }) => {
    const cores = [...coresOf(allowed)];
    return cores.some((core) => free.has(core)) && cores.some((core) => !free.has(core));
  });
}

function everyProcess(): Placed[] {
  const pids = readdirSync('/proc').map(Number).filter(Number.isInteger);
  return pids.flatMap((pid) => {
    try {
      const status = readFileSync(`/proc/${pid}/status`, 'latin1');
      const allowed = /^Cpus_allowed_list:\s+(\S+)$/m.exec(status)?.[1];
      return allowed === undefined ? [] : [{ pid, allowed }];
    } catch {
      return []; // Ended meanwhile.
    }
  });
}

function move(pid: number, cores: string): boolean {
  const args = ['--all-tasks', '--cpu-list', '--pid', cores, `${pid}`];
  return spawnSync('taskset', args, { stdio: 'ignore' }).status === 0;
}

export interface Shield {
  /** How many processes were moved: without the right to (root, CAP_SYS_NICE), the user's own. */
  readonly moved: number;
  /** Gives the cores back. Resolves when that is done, or has taken too long to be waited for. */
  readonly lift: () => Promise<void>;
}

/** Moves what may run on `cleared` elsewhere until that is lifted, or this process ends. */
export function shieldCores(cleared: string): Shield {
  const free = coresOf(cleared);
  const moved = movable(everyProcess(), cleared)
    .slice(0, MOVED_MAX)
    .filter(({ pid, allowed }) => {
      const elsewhere = [...coresOf(allowed)].filter((core) => !free.has(core));
      return move(pid, elsewhere.join(','));
    });
  const words = moved.flatMap(({ pid, allowed }) => [allowed, `${pid}`]);
  const shell = spawn('sh', ['-c', RESTORE, 'sh', ...words], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  const gone = new Promise<void>((resolve) => {
    shell.once('exit', () => resolve());
    shell.once('error', () => {
      for (const { pid, allowed } of moved) move(pid, allowed);
      resolve();
    });
  });
  shell.unref();
  if (shell.stdin instanceof Socket) shell.stdin.unref();
  const lift = async (): Promise<void> => {
    // Without this nothing would keep the process here until the shell is done.
    shell.ref();
    shell.stdin.end();
    await within(LIFT_TIMEOUT_MS, gone).catch(() => shell.unref());
  };
  return { moved: moved.length, lift };
}

/** What is told of it. */
export function shieldNote({ moved }: Pick<Shield, 'moved'>): string {
  return `${moved} other ${moved === 1 ? 'process is' : 'processes are'} kept out of the gateways’ cores until the end`;
}
