/**
 * Medians of rounds with their intervals, and how two runs' medians compare.
 *
 * @module
 */

import { type Estimate, medianInterval } from '../statistics/bootstrap.ts';

export type { Estimate };

/** The 2.5 % at either end are then 100 resamples, so that an end moves little with the seed. */
const RESAMPLES = 4000;

/** The median and its 95 % bootstrap interval; null of no values. */
export function estimateOf(values: readonly number[], seed: number): Estimate | null {
  return values.length === 0 ? null : medianInterval(values, { seed, resamples: RESAMPLES });
}

/**
 * How many times `base` the other median is, when nothing pairs the two: the interval comes from
 * theirs, on the scale of logarithms. Null when a value isn't above 0.
 * Source: Zou & Donner 2008, Construction of confidence limits about effect measures (MOVER).
 */
export function ratioOfMedians(value: Estimate, base: Estimate): Estimate | null {
  if (!(value.low > 0 && base.low > 0)) return null;
  const centre = Math.log(value.median / base.median);
  const below = Math.hypot(Math.log(value.median / value.low), Math.log(base.high / base.median));
  const above = Math.hypot(Math.log(value.high / value.median), Math.log(base.median / base.low));
  return {
    median: Math.exp(centre),
    low: Math.exp(centre - below),
    high: Math.exp(centre + above),
    count: Math.min(value.count, base.count),
  };
}
