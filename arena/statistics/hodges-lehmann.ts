/**
 * The Hodges–Lehmann estimate of where values lie: the median of all means of two of them.
 *
 * It takes 29 % of wild values before it follows them, and needs 5 % more values than the mean where
 * there are none. Bounds: n(n+1)/2 means are held; at most `VALUES_MAX` values.
 * Source: Hodges & Lehmann 1963, Estimates of location based on rank tests.
 *
 * @module
 */

import { quantile } from './quantile.ts';

/** 4 096 values have 8.4 million means: 67 MB. */
const VALUES_MAX = 4096;

/** The means of all pairs of values, each with itself included, ascending. Throws above 4 096 values. */
export function walshAverages(values: ArrayLike<number>): Float64Array {
  const count = values.length;
  if (count > VALUES_MAX) {
    throw new RangeError(
      `${count} values are too many for pairs of them: give at most ${VALUES_MAX}`,
    );
  }
  const means = new Float64Array((count * (count + 1)) / 2);
  let at = 0;
  for (let first = 0; first < count; first += 1) {
    for (let second = first; second < count; second += 1) {
      means[at] = ((values[first] ?? 0) + (values[second] ?? 0)) / 2;
      at += 1;
    }
  }
  return means.toSorted();
}

/** The estimate, in the unit of the values; NaN of none. Throws above 4 096 values. */
export function hodgesLehmann(values: readonly number[]): number {
  return quantile(walshAverages(values), 0.5);
}
