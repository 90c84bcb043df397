/**
 * The canary: what a request costs nginx in the same run, so that a machine's drift is not taken
 * for ours.
 *
 * @module
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { loadTargets } from '../../../arena/adapters/catalog.ts';
import { cpuUsBetween, readCpu } from '../../../arena/host/cpu.ts';
import type { LoadStage } from '../../../arena/load/driver.ts';
import { median } from '../../../arena/statistics/quantile.ts';
import { freePort } from '../../../arena/host/ports.ts';
import { closedLoad, scenarioOf } from '../paired/scenarios.ts';
import { GATEWAY_CORE, LOAD_CORE } from '../side.ts';

const BLOCKS = 5;
const REQUESTS = 20_000;
/** For the shape of a plan; nginx as a process has no limit. */
const MEMORY_MAX_BYTES = 1 << 30;

/** Median CPU µs a request of nginx with the same job; null where nginx can't be had. */
export async function canaryUs({ driver, upstream }: LoadStage): Promise<number | null> {
  const nginx = loadTargets().find(({ name }) => name === 'nginx');
  if (nginx === undefined || (await nginx.examine()).status !== 'ready') return null;
  const folder = mkdtempSync(join(tmpdir(), 'stoa-gate-canary-'));
  const plan = { tier: 'full', folder, upstream, workers: 1, cores: GATEWAY_CORE };
  const port = await freePort();
  const running = await nginx.start({ ...plan, port, memoryMaxBytes: MEMORY_MAX_BYTES });
  try {
    const spec = closedLoad(
      scenarioOf('full'),
      { host: running.host, port },
      { requests: REQUESTS },
    );
    const costs: number[] = [];
    for (let block = 0; block <= BLOCKS; block += 1) {
      const before = readCpu(running.pid ?? 0);
      const { answered } = await driver.run(spec, LOAD_CORE);
      const usedUs = cpuUsBetween(before, readCpu(running.pid ?? 0));
      // The first one warms up.
      if (block > 0 && answered > 0) costs.push(usedUs / answered);
    }
    return costs.length === 0 ? null : median(costs);
  } finally {
    await running.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
