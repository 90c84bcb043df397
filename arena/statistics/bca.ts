/**
 * The BCa interval: a bootstrap distribution read where its bias and its skew are made up for.
 *
 * Right to second order for smooth statistics of some 10 values and more; of a median, prefer the
 * plain percentiles, because leaving one value out says little of how a median bends. An `alpha` under
 * 1/resamples reads the outermost resample. As SciPy's `bootstrap(method='BCa')`, checked against it.
 * Source: Efron 1987, Better Bootstrap Confidence Intervals.
 *
 * @module
 */

import { normalQuantile, normalShare } from './normal.ts';
import { quantile } from './quantile.ts';
import type { Bounds } from './wilcoxon.ts';

/** What a statistic was of the values, of resamples of them, and of all but one of them. */
export interface Resampled {
  readonly estimate: number;
  /** Of each resample, ascending. */
  readonly resampled: Float64Array;
  /** With each value left out once. */
  readonly leftOut: Float64Array;
}

/** The bounds below and above which the statistic lies with the probability `alphaOneSided` each. */
export function bcaBounds(of: Resampled, alphaOneSided: number): Bounds {
  const bias = biasCorrection(of);
  const skew = acceleration(of.leftOut);
  const at = (alpha: number): number => {
    const shifted = bias + normalQuantile(alpha);
    return quantile(of.resampled, normalShare(bias + shifted / (1 - skew * shifted)));
  };
  return { low: at(alphaOneSided), high: at(1 - alphaOneSided) };
}

/** How many deviations the estimate lies from the median of the resamples. */
function biasCorrection({ estimate, resampled }: Resampled): number {
  let below = 0;
  let equal = 0;
  for (const value of resampled) {
    if (value < estimate) below += 1;
    else if (value === estimate) equal += 1;
  }
  // An estimate outside all resamples is put half a resample inside, to stay finite.
  const halves = Math.min(Math.max(2 * below + equal, 1), 2 * resampled.length - 1);
  return normalQuantile(halves / (2 * resampled.length));
}

/** A sixth of the skew of what each value adds; 0 when all add the same. */
function acceleration(leftOut: Float64Array): number {
  const mean = leftOut.reduce((sum, value) => sum + value, 0) / leftOut.length;
  let squares = 0;
  let cubes = 0;
  for (const value of leftOut) {
    squares += (mean - value) ** 2;
    cubes += (mean - value) ** 3;
  }
  return squares === 0 ? 0 : cubes / (6 * squares ** 1.5);
}
