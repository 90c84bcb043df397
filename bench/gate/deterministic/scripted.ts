/**
 * What a gateway does for 10 000 scripted requests, counted from outside: calls into native code,
 * bytes of the heap, system calls.
 *
 * @module
 */

import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { until } from '../../../arena/host/wait.ts';
import type { Build } from '../builds/builds.ts';
import { type Address, FRONTS, type Front, type Side, startSide } from '../side.ts';
import { openFolder } from '../side-folder.ts';
import { COUNTS_FILE, type InsideCounts } from './inside.ts';
import { sendScript, serveScript } from './script.ts';
import { countSyscalls, type Syscalls } from './syscalls.ts';
import { missing } from './tools.ts';

export const SCRIPTED_REQUESTS = 10_000;
/** So that what is compiled on the way is compiled. */
const WARM_UP_REQUESTS = 20_000;
const ANSWER_TIMEOUT_MS = 10_000;

/** One front's numbers by name, for `SCRIPTED_REQUESTS` requests; each name ends in its unit. */
export type Counts = Readonly<Record<string, number>>;

export interface Scripted {
  /** By `FRONT.name`. */
  readonly counts: Counts;
  /** What could not be counted, and how to change that. */
  readonly skipped: readonly string[];
}

/** Runs the script against a build, on each front. Rejects when any answer is not as expected. */
export async function runScripted(build: Build): Promise<Scripted> {
  const folder = openFolder();
  const { server, address: upstream } = await serveScript();
  const counts: Record<string, number> = {};
  const strace = missing('strace');
  try {
    for (const front of FRONTS) {
      const found = await countFront({ folder, build, front, upstream, traced: strace === null });
      for (const [name, count] of Object.entries(found)) counts[`${front}.${name}`] = count;
    }
  } finally {
    server.closeAllConnections();
    server.close();
  }
  return { counts, skipped: strace === null ? [] : [`system calls: ${strace}`] };
}

interface FrontPlan {
  readonly folder: string;
  readonly build: Build;
  readonly front: Front;
  readonly upstream: Address;
  /** Whether system calls can be counted. */
  readonly traced: boolean;
}

async function countFront(plan: FrontPlan): Promise<Counts> {
  const { folder, build, front, upstream, traced } = plan;
  const file = join(folder, `counts-${front}.json`);
  const inside = pathToFileURL(join(import.meta.dirname, 'inside.js')).href;
  const env = { NODE_OPTIONS: `--import=${inside}`, [COUNTS_FILE]: file };
  const side = await startSide({ name: 'head', build, folder, upstream, env });
  const send = (requests: number): Promise<void> => sendScript(side.addresses[front], requests);
  try {
    await send(WARM_UP_REQUESTS);
    const counts = insideCounts(await countInside(side, file, () => send(SCRIPTED_REQUESTS)));
    if (!traced) return counts;
    const work = (): Promise<void> => send(SCRIPTED_REQUESTS);
    const calls = await countSyscalls(side.workerPid, folder, work);
    return { ...counts, ...syscallCounts(calls) };
  } finally {
    await side.service.stop();
  }
}

/** Has the worker count while `work` runs. */
async function countInside(
  { workerPid }: Side,
  file: string,
  work: () => Promise<void>,
): Promise<InsideCounts> {
  const signalled = async (answer: string): Promise<void> => {
    process.kill(workerPid, 'SIGUSR2');
    await until('the worker has counted', () => existsSync(answer), ANSWER_TIMEOUT_MS);
  };
  rmSync(file, { force: true });
  await signalled(`${file}.begun`);
  await work();
  await signalled(file);
  return JSON.parse(readFileSync(file, 'utf8')) as InsideCounts;
}

function insideCounts(counts: InsideCounts): Counts {
  const crossings = Object.values(counts.crossings).reduce((sum, count) => sum + count, 0);
  return {
    crossings,
    upcalls: counts.upcalls,
    heapAllocatedBytes: counts.heapAllocatedBytes,
    heapRetainedBytes: Math.max(0, counts.heapRetainedBytes),
  };
}

function syscallCounts({ reads, writes, waits, others }: Syscalls): Counts {
  return { reads, writes, waits, otherCalls: others };
}
