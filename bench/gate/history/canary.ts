/**
 * The canary: what a request costs nginx in the same run, so that a machine's drift is not taken
 * for ours.
 *
 * @module
 */

import type { Driver } from '../../../arena/load/driver.ts';
import { median } from '../../../arena/statistics/quantile.ts';
import { Stage } from '../../load/stage.ts';
import { startTargets, startUpstream } from '../../load/targets.ts';
import { treeTime } from '../paired/processor.ts';
import { closedLoad, scenarioOf } from '../paired/scenarios.ts';
import { LOAD_CORE } from '../side.ts';

const BLOCKS = 5;
const REQUESTS = 20_000;
const NS_A_US = 1000;

/** Median CPU µs a request of nginx with the same job; null where nginx can't be had. */
export async function canaryUs(makeDriver: () => Promise<Driver>): Promise<number | null> {
  const stage = await Stage.open();
  const upstream = await startUpstream(stage);
  const { targets } = await startTargets(stage, ['nginx']);
  const [nginx] = targets;
  try {
    if (nginx === undefined) return null;
    const driver = await makeDriver();
    const spec = closedLoad(scenarioOf('full'), nginx.port, { requests: REQUESTS });
    const costs: number[] = [];
    for (let block = 0; block <= BLOCKS; block += 1) {
      const before = treeTime(nginx.service.pid);
      const { answered } = await driver.run(spec, LOAD_CORE);
      const ranNs = treeTime(nginx.service.pid).ranNs - before.ranNs;
      // The first one warms up.
      if (block > 0 && answered > 0) costs.push(ranNs / answered / NS_A_US);
    }
    return costs.length === 0 ? null : median(costs);
  } finally {
    await nginx?.service.stop();
    await upstream.stop();
  }
}
