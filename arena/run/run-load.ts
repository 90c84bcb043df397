/**
 * One load, from a driver that is not trusted to come back.
 *
 * Bound: the window, twice its timeout, and 10 seconds.
 *
 * @module
 */

import type { LoadResult, LoadSpec } from '../load/driver.ts';
import type { Bench } from './bench.ts';
import { unlessInterrupted } from './interrupt.ts';
import { within } from './within.ts';

const GRACE_MS = 10_000;

/** Rejects as the driver does, when it is late, and with the signal's reason. */
export function runLoad(
  { plan, station, signal }: Pick<Bench, 'plan' | 'station' | 'signal'>,
  spec: LoadSpec,
): Promise<LoadResult> {
  const boundMs = spec.warmUpMs + spec.measureMs + 2 * spec.timeoutMs + GRACE_MS;
  const work = within(boundMs, station.driver.run(spec, plan.cores.load));
  return unlessInterrupted(signal, work);
}
