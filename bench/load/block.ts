/**
 * One block: one target, one body, one window of closed-loop load, and what it cost.
 *
 * @module
 */

import { loadavg } from 'node:os';

import { cpuUsBetween, readCpu } from '../../arena/host/cpu.ts';
import { machineTicks } from '../../arena/host/machine-counters.ts';
import type { Body } from './stage.ts';
import { CALLER } from './stage.ts';
import { LOAD_CORE } from './targets.ts';
import { wrk } from './wrk.ts';

/** A raw row, one line of the results file. */
export interface Row {
  readonly kind: 'block';
  readonly round: number;
  readonly target: string;
  readonly body: Body;
  readonly requests: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** User and system time of the whole process tree, by request. */
  readonly cpuUs: number;
  /** Share of one core that the target used; well below 1, the generator was the limit. */
  readonly busy: number;
  readonly stolen: number;
  readonly load: number;
  /** Why this block does not count; empty when it does. */
  readonly void: string;
}

export interface BlockPlan {
  readonly round: number;
  readonly target: { readonly name: string; readonly port: number; readonly pid: number };
  readonly body: Body;
  readonly connections: number;
  readonly seconds: number;
}

/** Above this share of time taken by the machine's host a block does not count. */
const STOLEN_MAX = 0.05;
const WARM_UP_S = 1;

export async function measureBlock(plan: BlockPlan): Promise<Row> {
  const { target, body, connections, seconds, round } = plan;
  const load = {
    url: `http://127.0.0.1:${target.port}/api/${body}`,
    key: CALLER.key,
    connections,
    cores: LOAD_CORE,
  };
  await wrk({ ...load, seconds: WARM_UP_S });

  const { result, cpuUs, ...seen } = await observe(target.pid, () => wrk({ ...load, seconds }));
  return {
    kind: 'block',
    round,
    target: target.name,
    body,
    requests: result.requests,
    perSecond: result.perSecond,
    p50Ms: result.p50Ms,
    p99Ms: result.p99Ms,
    cpuUs: cpuUs / result.requests,
    ...seen,
    void: [result.faults, seen.void].filter(Boolean).join('; '),
  };
}

/** What a window cost a target, and what came of it. */
export interface Observed<Result> extends Pick<Row, 'busy' | 'stolen' | 'load' | 'void'> {
  readonly result: Result;
  /** User and system time of the whole process tree in the window. */
  readonly cpuUs: number;
}

/** Runs `work` to its end, and looks at the process tree of `pid` before and after. */
export async function observe<Result>(
  pid: number,
  work: () => Promise<Result>,
): Promise<Observed<Result>> {
  const ticks = machineTicks();
  const before = readCpu(pid);
  const start = process.hrtime.bigint();
  const result = await work();
  const elapsedUs = Number(process.hrtime.bigint() - start) / 1000;
  const after = readCpu(pid);
  const ticksAfter = machineTicks();

  const stolen = (ticksAfter.stolen - ticks.stolen) / (ticksAfter.total - ticks.total);
  const voids = [
    before.pids === after.pids ? '' : 'a process of the target has ended or begun',
    stolen > STOLEN_MAX ? `${Math.round(stolen * 100)} % of the time was stolen` : '',
  ];
  const cpuUs = cpuUsBetween(before, after);
  return {
    result,
    cpuUs,
    busy: cpuUs / elapsedUs,
    stolen,
    load: loadavg()[0] ?? 0,
    void: voids.filter(Boolean).join('; '),
  };
}
