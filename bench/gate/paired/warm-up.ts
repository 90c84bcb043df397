/**
 * Warming up a side until what a request costs is flat, and finding how much base can take.
 *
 * @module
 */

import { cpuUsBetween, readCpu } from '../../../arena/host/cpu.ts';
import type { Driver } from '../../../arena/load/driver.ts';
import { isFlat } from '../../../arena/run/flat.ts';
import { median } from '../../../arena/statistics/quantile.ts';
import { internalFailure } from '../failure.ts';
import { LOAD_CORE, type Side } from '../side.ts';
import { unexpectedOf } from './block.ts';
import { closedLoad, type ScenarioName, scenarioOf } from './scenarios.ts';

const FLAT_WITHIN = 0.04;
/** On a machine that is never quiet nothing is ever flat. */
const PIECES_MAX = 8;
const CAPACITY_WINDOWS = 3;
const CAPACITY_WINDOW_MS = 1000;

export interface Warmed {
  readonly driver: Driver;
  readonly side: Side;
  readonly scenario: ScenarioName;
}

/** Sends pieces of work until three in a row cost the same, at most `PIECES_MAX`. */
export async function warmUp({ driver, side, scenario: name }: Warmed): Promise<void> {
  const scenario = scenarioOf(name);
  const costs: number[] = [];
  const spec = closedLoad(scenario, side.addresses[scenario.front], {
    requests: scenario.warmUpRequests,
  });
  while (costs.length < PIECES_MAX && !isFlat(costs, FLAT_WITHIN)) {
    const before = readCpu(side.service.pid);
    const { answered } = await driver.run(spec, LOAD_CORE);
    const usedUs = cpuUsBetween(before, readCpu(side.service.pid));
    costs.push(usedUs / Math.max(1, answered));
  }
}

/** Requests a second that a side answers when it is never idle. Rejects when it fails any. */
export async function capacityOf({ driver, side, scenario: name }: Warmed): Promise<number> {
  const scenario = scenarioOf(name);
  const found: number[] = [];
  for (let window = 0; window < CAPACITY_WINDOWS; window += 1) {
    const spec = closedLoad(scenario, side.addresses[scenario.front], {
      measureMs: CAPACITY_WINDOW_MS,
    });
    const result = await driver.run(spec, LOAD_CORE);
    if (unexpectedOf(result) > scenario.connections) {
      throw internalFailure(
        `${side.plan.name} fails requests of ${name}: ${JSON.stringify({ statuses: result.statuses, errors: result.errors })}\n${side.service.output()}`,
      );
    }
    found.push((result.answered / result.elapsedMs) * 1000);
  }
  return median(found);
}
