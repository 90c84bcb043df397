/**
 * Keeps everybody else out of the target's cores while a run lasts: on a machine whose load has
 * real-time priority, what else wants to run would run where the target does, and a target that
 * waits 4 ms for its turn is 4 ms slow.
 *
 * Processes that may use a cleared core are moved to the others, with all their threads; what they
 * start later inherits that. A process that is bound to cleared cores alone stays, and so do kernel
 * threads that may not be moved. A process of its own, `shield-keeper.ts`, waits for the shield to be
 * lifted, or for this process to end, however it does, and gives the cores back.
 *
 * Bounds: 4 096 processes; 10 s to give the cores back.
 *
 * @module
 */

import { spawn } from 'node:child_process';
import { Socket } from 'node:net';
import { join } from 'node:path';

import * as z from 'zod';

import {
  bornTicksOf,
  coresOf,
  everyProcess,
  listOf,
  moveTo,
  type Placed,
} from '../host/placement.ts';
import { within } from './within.ts';

/** Processes that are moved, at most: what comes after stays where it is. */
const MOVED_MAX = 4096;
const LIFT_TIMEOUT_MS = 10_000;
const KEEPER = join(import.meta.dirname, 'shield-keeper.js');

const Moved = z.strictObject({ pid: z.int(), allowed: z.string(), elsewhere: z.string() });
type Moved = z.infer<typeof Moved>;

/** What the keeper is told, as JSON, on its standard input. */
export const Kept = z.strictObject({
  moved: z.array(Moved).max(MOVED_MAX),
  /** Who was born later has inherited where it may run. In ticks since the machine began. */
  sinceTicks: z.number(),
});

/** Who has to move so that `cleared` is free, and where to: those that may run there and elsewhere. */
export function movable(placed: readonly Placed[], cleared: string): Moved[] {
  const free = coresOf(cleared);
  return placed.flatMap(({ pid, allowed }) => {
    const cores = [...coresOf(allowed)];
    const others = cores.filter((core) => !free.has(core));
    const isMovable = others.length > 0 && others.length < cores.length;
    return isMovable ? [{ pid, allowed, elsewhere: listOf(others) }] : [];
  });
}

export interface Shield {
  /** How many processes were moved: without the right to (root, CAP_SYS_NICE), the user's own. */
  readonly moved: number;
  /** Gives the cores back. Resolves when that is done, or has taken too long to be waited for. */
  readonly lift: () => Promise<void>;
}

/** Moves what may run on `cleared` elsewhere until that is lifted, or this process ends. */
export function shieldCores(cleared: string): Shield {
  const known = everyProcess();
  const sinceTicks = Math.max(...known.map(({ pid }) => bornTicksOf(pid)));
  const planned = movable(known, cleared).slice(0, MOVED_MAX);
  const kept: z.infer<typeof Kept> = { moved: planned, sinceTicks };
  const keeper = spawn(process.execPath, [KEEPER], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  keeper.stdin.write(JSON.stringify(kept));
  const moved = planned.filter(({ pid, elsewhere }) => moveTo(elsewhere, pid));
  const gone = new Promise<void>((resolve) => {
    keeper.once('exit', () => resolve());
    keeper.once('error', () => {
      for (const { pid, allowed } of moved) moveTo(allowed, pid);
      resolve();
    });
  });
  keeper.unref();
  if (keeper.stdin instanceof Socket) keeper.stdin.unref();
  const lift = async (): Promise<void> => {
    // Without this nothing would keep the process here until the keeper is done.
    keeper.ref();
    keeper.stdin.end();
    await within(LIFT_TIMEOUT_MS, gone).catch(() => keeper.unref());
  };
  return { moved: moved.length, lift };
}

/** What is told of it. */
export function shieldNote({ moved }: Pick<Shield, 'moved'>): string {
  return `${moved} other ${moved === 1 ? 'process is' : 'processes are'} kept out of the gateways’ cores until the end`;
}
