/**
 * Load before what is measured, until what a request costs has stopped changing: a compiler that
 * works at run time, caches and pools are then where they stay.
 *
 * Bounds: the plan's `warmUp.maxS`, of which a window is an eighth, between 0.1 and 1 second. Within
 * that, 10 000 requests at least: what is compiled by how often it runs can look flat before.
 *
 * @module
 */

import type { LoadResult } from '../load/driver.ts';
import type { Plan } from '../plan/schema.ts';
import type { Bench } from './bench.ts';
import type { BlockPlace, Subject } from './block.ts';
import { FLAT_WINDOWS, isFlat } from './flat.ts';
import { loadSpec, type Resolved } from './load-spec.ts';
import { observe } from './observe.ts';
import { runLoad } from './run-load.ts';

const WINDOW_MIN_S = 0.1;
const WINDOW_MAX_S = 1;
const WINDOWS_IN_MAX = 8;
const REQUESTS_MIN = 10_000;
const CONNECTIONS_DEFAULT = 64;

export interface WarmUp {
  /** False when its time was over before. */
  readonly flat: boolean;
  /** Requests a second in each of the last windows; empty when nothing was answered. */
  readonly perS: readonly number[];
}

/** Length of one window of warm-up. */
export function warmUpWindowS({ maxS }: Plan['warmUp']): number {
  return Math.min(WINDOW_MAX_S, Math.max(WINDOW_MIN_S, maxS / WINDOWS_IN_MAX));
}

/** Rejects only with `Interrupted`: a target that does not answer shows it in its blocks. */
export async function warmUp(
  bench: Bench,
  { tier, bodyBytes }: Pick<BlockPlace, 'tier' | 'bodyBytes'>,
  target: Subject,
  seed: number,
): Promise<WarmUp> {
  const { plan, token, signal } = bench;
  const { maxS, flatWithin } = plan.warmUp;
  const { host, port } = target;
  const aim = { host, port, tier, bodyBytes, token, seed };
  const spec = loadSpec(aim, windowOf(plan));
  const costs: number[] = [];
  const perS: number[] = [];
  let answered = 0;
  const deadline = Date.now() + maxS * 1000;
  while (Date.now() < deadline) {
    const work = runLoad(bench, spec).catch(() => {
      signal.throwIfAborted();
      return null;
    });
    const { result, cpuUs } = await observe(target, () => work);
    if (result === null || result.answered === 0 || !target.alive())
      return { flat: false, perS: [] };
    costs.push(costOf(result, cpuUs));
    perS.push((result.answered / result.elapsedMs) * 1000);
    answered += result.answered;
    if (answered >= REQUESTS_MIN && isFlat(costs, flatWithin))
      return { flat: true, perS: perS.slice(-FLAT_WINDOWS) };
  }
  return { flat: false, perS: perS.slice(-FLAT_WINDOWS) };
}

/** CPU time of a request; where that can't be seen, the time that one takes of the window. */
function costOf({ answered, elapsedMs }: LoadResult, cpuUs: number | null): number {
  return (cpuUs ?? elapsedMs * 1000) / answered;
}

/** As many requests as are answered, over the connections that capacity is found with. */
function windowOf(plan: Plan): Resolved {
  const [capacity] = plan.loads.flatMap((load) => ('capacity' in load ? [load.capacity] : []));
  const connections = capacity?.connections ?? CONNECTIONS_DEFAULT;
  return {
    load: { mode: 'closed', connections },
    seconds: warmUpWindowS(plan.warmUp),
    arrivals: 'poisson',
  };
}
