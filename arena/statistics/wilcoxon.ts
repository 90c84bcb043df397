/**
 * Wilcoxon's signed-rank test of paired differences, and the bounds that it gives by inversion.
 *
 * Zeros are left out and equal sizes share the mean of their ranks, as with SciPy's
 * `wilcoxon(zero_method='wilcox')`. Up to `EXACT_MAX` differences the p-value is exact, ties included (as
 * `method='exact'` where there are none, as `PermutationMethod` over all signs where there are); beyond,
 * normal with the variance corrected for ties and a continuity correction of ½ (`method='approx',
 * correction=True`).
 * Source: Hollander, Wolfe & Chicken, Nonparametric Statistical Methods, chapter 3.
 *
 * @module
 */

import { walshAverages } from './hodges-lehmann.ts';
import { normalQuantile, normalShare } from './normal.ts';

/** Differences up to which the exact distribution is used: it takes n²(n+1) additions, once per n. */
export const EXACT_MAX = 100;

export type Alternative = 'greater' | 'less';

export interface SignedRank {
  /** Sum of the ranks of the positive differences. */
  readonly statistic: number;
  /** How likely it is to be so large (`greater`) or so small (`less`) when differences lie around 0 evenly. */
  readonly pValue: number;
  /** Differences that are not 0. */
  readonly count: number;
}

export interface Bounds {
  readonly low: number;
  readonly high: number;
}

/** One-sided: whether differences lie above (`greater`) or below 0. A p-value of 1 when none differs. */
export function signedRankTest(values: readonly number[], alternative: Alternative): SignedRank {
  const signed = alternative === 'greater' ? values : values.map((value) => -value);
  const differing = signed.filter((value) => value !== 0);
  const count = differing.length;
  if (count === 0) return { statistic: 0, pValue: 1, count };
  const doubled = doubledRanks(differing);
  const sum = differing.reduce(
    (total, value, at) => total + (value > 0 ? (doubled[at] ?? 0) : 0),
    0,
  );
  const pValue = count <= EXACT_MAX ? exactUpper(doubled, sum) : normalUpper(doubled, sum);
  const total = (count * (count + 1)) / 2;
  return { statistic: alternative === 'greater' ? sum / 2 : total - sum / 2, pValue, count };
}

/** Twice each value's rank by size, so that shared ranks stay whole numbers. */
function doubledRanks(values: readonly number[]): number[] {
  const order = values.map((value, at) => ({ size: Math.abs(value), at }));
  order.sort((one, other) => one.size - other.size);
  const ranks = Array.from({ length: values.length }, () => 0);
  for (let from = 0; from < order.length; ) {
    let to = from + 1;
    while (to < order.length && order[to]?.size === order[from]?.size) to += 1;
    for (let at = from; at < to; at += 1) ranks[order[at]?.at ?? 0] = from + 1 + to;
    from = to;
  }
  return ranks;
}

/** Share of the 2ⁿ ways to sign the ranks whose positive sum is at least `sum`. */
function exactUpper(doubled: readonly number[], sum: number): number {
  const shares = sumShares(doubled);
  let upper = 0;
  for (let at = shares.length - 1; at >= sum; at -= 1) upper += shares[at] ?? 0;
  return Math.min(1, upper);
}

/** By sum of the positive ranks: the share of ways to sign them that gives it. */
function sumShares(ranks: readonly number[]): Float64Array {
  const shares = new Float64Array(ranks.reduce((total, rank) => total + rank, 0) + 1);
  shares[0] = 1;
  let reached = 0;
  for (const rank of ranks) {
    reached += rank;
    for (let at = reached; at >= 0; at -= 1) {
      const signedUp = at >= rank ? (shares[at - rank] ?? 0) : 0;
      shares[at] = ((shares[at] ?? 0) + signedUp) / 2;
    }
  }
  return shares;
}

function normalUpper(doubled: readonly number[], sum: number): number {
  const mean = doubled.reduce((total, rank) => total + rank, 0) / 4;
  const variance = doubled.reduce((total, rank) => total + rank * rank, 0) / 16;
  return normalShare(-(sum / 2 - mean - 0.5) / Math.sqrt(variance));
}

/**
 * The bounds below and above which the centre of the differences lies with at most the probability
 * `alphaOneSided` each, in the unit of the values; infinite when there are too few values to say.
 * `low` is above 0 exactly when the test of no ties calls the differences `greater` at that level.
 */
export function signedRankBounds(values: readonly number[], alphaOneSided: number): Bounds {
  return boundsOfAverages(walshAverages(values), values.length, alphaOneSided);
}

/** The same of Walsh averages that are at hand already: `count` values have count(count+1)/2 of them. */
export function boundsOfAverages(
  ascending: Float64Array,
  count: number,
  alphaOneSided: number,
): Bounds {
  const rank =
    count <= EXACT_MAX ? exactRank(count, alphaOneSided) : normalRank(count, alphaOneSided);
  return {
    low: ascending[rank - 1] ?? Number.NEGATIVE_INFINITY,
    high: ascending[ascending.length - rank] ?? Number.POSITIVE_INFINITY,
  };
}

const distributions = new Map<number, Float64Array>();

/** The largest rank `r` with P(sum of positive ranks < r) ≤ alpha; 0 when there is none. */
function exactRank(count: number, alpha: number): number {
  // At most EXACT_MAX entries of at most 5 051 numbers each.
  let shares = distributions.get(count);
  if (shares === undefined) {
    shares = sumShares(Array.from({ length: count }, (_, at) => at + 1));
    distributions.set(count, shares);
  }
  let below = 0;
  let rank = 0;
  while (rank < shares.length) {
    below += shares[rank] ?? 0;
    if (below > alpha) break;
    rank += 1;
  }
  return rank;
}

function normalRank(count: number, alpha: number): number {
  const mean = (count * (count + 1)) / 4;
  const deviation = Math.sqrt((count * (count + 1) * (2 * count + 1)) / 24);
  return Math.max(0, Math.floor(mean + 0.5 + normalQuantile(alpha) * deviation));
}
