/**
 * One block: one side, one scenario, a fixed piece of work at a fixed rate, and what it cost.
 *
 * @module
 */

import { cpuUsBetween, readCpu } from '../../../arena/host/cpu.ts';
import type { Driver, LoadResult } from '../../../arena/load/driver.ts';
import { decodeHistogram, quantileUs } from '../../../arena/load/histogram.ts';
import type { GateBlock } from '../decision/verdict.ts';
import { GATEWAY_CORE, LOAD_CORE, type Side } from '../side.ts';
import { machineTime, machineUse } from './processor.ts';
import { openLoad, type ScenarioName, scenarioOf } from './scenarios.ts';

/** A block as it goes into the file of results. */
export interface MeasuredBlock extends GateBlock {
  /** Which of the round's three it was in time, from 1. */
  readonly turn: number;
  readonly elapsedMs: number;
  readonly answered: number;
  /** Ready to run while somebody else had its core, in milliseconds. */
  readonly waitedMs: number;
  readonly load: LoadResult;
}

export interface BlockPlan {
  readonly driver: Driver;
  readonly side: Side;
  readonly scenario: ScenarioName;
  readonly ratePerS: number;
  readonly seed: number;
  readonly turn: number;
}

/** Exchanges that did not end as they should: another status, another length, none at all. */
export function unexpectedOf({ requests, answered, statuses, errors }: LoadResult): number {
  const failed = Object.values(errors).reduce((sum, count) => sum + count, 0);
  const others = Object.entries(statuses)
    .filter(([status]) => status !== '200')
    .reduce((sum, [, count]) => sum + count, 0);
  return Math.max(failed + others, requests - answered);
}

/** Measures a block. Rejects when the load can't be run at all. */
export async function measureBlock(plan: BlockPlan): Promise<MeasuredBlock> {
  const { driver, side, turn, ratePerS, seed } = plan;
  const scenario = scenarioOf(plan.scenario);
  const spec = openLoad(scenario, side.addresses[scenario.front], { ratePerS, seed });
  const machineBefore = machineTime(GATEWAY_CORE);
  const before = readCpu(side.service.pid);
  const begin = performance.now();
  const load = await driver.run(spec, LOAD_CORE);
  const elapsedMs = performance.now() - begin;
  const after = readCpu(side.service.pid);
  const ranUs = cpuUsBetween(before, after);
  const { stolenShare, foreignCores } = machineUse(machineBefore, machineTime(GATEWAY_CORE), {
    ranUs,
    elapsedMs,
  });
  const waitedMs = (after.waitedNs - before.waitedNs) / 1e6;
  const same = before.pids === after.pids;
  const latency = decodeHistogram(load.latency);
  return {
    turn,
    elapsedMs,
    answered: load.answered,
    waitedMs,
    load,
    metrics: {
      // Without a number where a process has come or gone: the round does not count then.
      cpuUsPerRequest: same ? ranUs / load.answered : Number.NaN,
      p50: quantileUs(latency, 0.5) ?? Number.NaN,
      p99: quantileUs(latency, 0.99) ?? Number.NaN,
    },
    guards: {
      lagP99Us: load.lag === null ? null : quantileUs(decodeHistogram(load.lag), 0.99),
      unexpected: unexpectedOf(load),
      stolenShare,
      // Whoever kept the side from its core used it: that is seen at once, ticks are coarse.
      foreignCores: Math.max(foreignCores, waitedMs / elapsedMs),
    },
  };
}
