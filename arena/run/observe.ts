/**
 * What a stretch of work cost a target, and what the machine was doing meanwhile.
 *
 * @module
 */

import { loadavg } from 'node:os';

import { machineTicks } from '../host/machine-counters.ts';
import { memoryPeakOf } from '../host/process-tree.ts';
import type { RunningTarget } from '../adapters/target.ts';
import { type CpuReading, cpuUsBetween, readCpu } from '../host/cpu.ts';

/** Above this share of time that the host kept the machine from running, nothing counts. */
const STOLEN_MAX = 0.05;
/** What is told of the output of a target that ended. */
const OUTPUT_SHOWN_CHARS = 400;

export type Watched = Pick<RunningTarget, 'pid' | 'alive' | 'output'>;

export interface Observed<Result> {
  readonly result: Result;
  /** User and system time of the whole process tree; null where it can't be seen. */
  readonly cpuUs: number | null;
  readonly coresUsed: number | null;
  readonly memoryPeakBytes: number | null;
  readonly machine: { readonly stolenShare: number; readonly loadAverage: number };
  /** Why this does not count; empty when it does. */
  readonly void: readonly string[];
}

/**
 * Runs `work` to its end and looks at the target before and after. Rejects as `work` does. A target
 * that is `changing` may have other processes afterwards, and then its CPU time is not known.
 */
export async function observe<Result>(
  target: Watched,
  work: () => Promise<Result>,
  { changing = false }: { readonly changing?: boolean } = {},
): Promise<Observed<Result>> {
  const ticks = machineTicks();
  const before = readingOf(target);
  const begin = process.hrtime.bigint();
  const result = await work();
  const elapsedUs = Number(process.hrtime.bigint() - begin) / 1000;
  const after = readingOf(target);
  const stolenShare = stolenSince(ticks);

  const same = before?.pids === after?.pids;
  const cpuUs = same || !changing ? usedBetween(before, after) : null;
  return {
    result,
    cpuUs,
    coresUsed: cpuUs === null ? null : cpuUs / elapsedUs,
    memoryPeakBytes: target.pid === null ? null : memoryPeakOf(target.pid),
    machine: { stolenShare, loadAverage: loadavg()[0] ?? 0 },
    void: voidsOf(target, same || changing, stolenShare),
  };
}

function voidsOf(target: Watched, sameProcesses: boolean, stolenShare: number): string[] {
  const stolen = `${Math.round(stolenShare * 100)} % of the time was stolen`;
  return [
    ...(sameProcesses ? [] : ['a process of the target has ended or begun']),
    ...(target.alive() ? [] : [endOf(target)]),
    ...(stolenShare > STOLEN_MAX ? [stolen] : []),
  ];
}

/** Null where the target can't be seen. */
function readingOf({ pid }: Watched): CpuReading | null {
  return pid === null ? null : readCpu(pid);
}

function usedBetween(before: CpuReading | null, after: CpuReading | null): number | null {
  return before === null || after === null ? null : cpuUsBetween(before, after);
}

/** That a target has ended, with the end of what it wrote. */
export function endOf(target: Pick<Watched, 'output'>): string {
  const said = target.output().trim().slice(-OUTPUT_SHOWN_CHARS);
  return said === '' ? 'the target has ended' : `the target has ended: ${said}`;
}

function stolenSince(before: { stolen: number; total: number }): number {
  const after = machineTicks();
  const total = after.total - before.total;
  return total > 0 ? Math.max(0, after.stolen - before.stolen) / total : 0;
}
