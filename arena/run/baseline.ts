/**
 * How much the upstream answers without any gateway: what the generator can do at all, measured
 * before the first round, so that every block can be held against it.
 *
 * @module
 */

import { median } from '../statistics/quantile.ts';
import type { Bench } from './bench.ts';
import { loadSpec } from './load-spec.ts';
import { runLoad } from './run-load.ts';

/** The first of them warms up and does not count. */
const WINDOWS = 4;
const WINDOW_S = 0.3;
const CONNECTIONS_DEFAULT = 64;

/** Seconds for each body. */
export const BASELINE_S = WINDOWS * WINDOW_S;

/** Rejects when the upstream does not answer as it should: then nothing else can be measured. */
export async function measureBaselines(bench: Bench, seed: number): Promise<void> {
  const { plan, baselines, progress } = bench;
  progress.now('how much the upstream answers alone');
  for (const bodyBytes of plan.bodies) {
    const found: number[] = [];
    for (let window = 0; window < WINDOWS; window += 1) {
      const perS = await measureOnce(bench, bodyBytes, seed);
      if (window > 0) found.push(perS);
    }
    baselines.set(bodyBytes, median(found));
  }
}

async function measureOnce(bench: Bench, bodyBytes: number, seed: number): Promise<number> {
  const { plan, station } = bench;
  const { host, port } = station.upstream;
  const [capacity] = plan.loads.flatMap((load) => ('capacity' in load ? [load.capacity] : []));
  const connections = capacity?.connections ?? CONNECTIONS_DEFAULT;
  const spec = loadSpec(
    { host, port, tier: 'pass', bodyBytes, token: '', seed },
    { load: { mode: 'closed', connections }, seconds: WINDOW_S, arrivals: 'poisson' },
  );
  const result = await runLoad(bench, spec);
  if (result.answered === 0 || (result.statuses['200'] ?? 0) < result.answered) {
    const told = JSON.stringify({ statuses: result.statuses, errors: result.errors });
    throw new Error(`the upstream does not answer as it should: ${told}`);
  }
  return (result.answered / result.elapsedMs) * 1000;
}
