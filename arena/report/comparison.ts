/**
 * Which of the targets of a table are cheaper than which, and which can't be told apart.
 *
 * Rounds are paired: the ratio of a round's two costs is free of what slowed both. Two targets
 * differ when a t-test of the log-ratios says so at 5 %, after Holm's correction for all pairs of the
 * table, and the bootstrap interval of the median ratio, which one odd round can't move, leaves 1 out.
 * All others are tied. (A rank test alone could not tell 13 from 80 µs in four rounds.)
 * Source: Student 1908 (paired t-test); Holm 1979.
 *
 * @module
 */

import { holm } from '../statistics/holm.ts';
import { groupOf, studentTwoSided } from '../statistics/student.ts';
import { type Estimate, estimateOf } from './estimates.ts';
import { costs, logRatios, type Series } from './series.ts';

const ALPHA = 0.05;

/** `target` compared with `other`, by CPU per request, from the rounds in which both count. */
export interface Pair {
  readonly target: string;
  readonly other: string;
  /** Cost of `target` as a multiple of `other`'s. */
  readonly ratio: Estimate;
  /** How likely it is that `target` is the cheaper one in the majority of such rounds. */
  readonly cheaper: number;
  /** Whether they differ beyond doubt, all pairs of the table considered. */
  readonly differs: boolean;
}

/** The places a target may have, when those it is tied with are put before or behind it. */
export interface Rank {
  readonly from: number;
  readonly to: number;
  /** Targets that can't be told from it. */
  readonly tiedWith: readonly string[];
}

/** Every ordered pair of targets whose cost is known. `differs` is the same both ways round. */
export function comparePairs(series: readonly Series[], seed: number): Pair[] {
  const known = series.filter((one) => costs(one).length > 0);
  const tests = known.flatMap((one, at) =>
    known.slice(at + 1).flatMap((other) => {
      const ratios = logRatios(one, other);
      const names = { one: one.target, other: other.target };
      return ratios.length === 0 ? [] : [{ names, ratios, pValue: pairedTTest(ratios) }];
    }),
  );
  const steps = holm(tests.map(({ pValue }) => pValue));
  return tests.flatMap(({ names: { one, other }, ratios }, at) => {
    return pairsOf(one, other, ratios, (steps[at]?.adjusted ?? 1) <= ALPHA, seed);
  });
}

/** By target: its rank among those with a known cost; of one alone, and of none, nothing. */
export function ranksOf(names: readonly string[], pairs: readonly Pair[]): Map<string, Rank> {
  const ranks = new Map<string, Rank>();
  for (const name of names) {
    const own = pairs.filter(({ target }) => target === name);
    if (own.length === 0) continue;
    const cheaper = own.filter(({ differs, ratio }) => differs && ratio.median > 1).length;
    const tied = own.filter(({ differs }) => !differs).map(({ other }) => other);
    ranks.set(name, {
      from: 1 + cheaper,
      to: 1 + cheaper + tied.length,
      tiedWith: tied.toSorted(),
    });
  }
  return ranks;
}

/** Both ways round. Resampled in one direction only, which the data choose and not the names. */
function pairsOf(
  one: string,
  other: string,
  logs: readonly number[],
  significant: boolean,
  seed: number,
): Pair[] {
  const turned = logs.reduce((sum, log) => sum + log, 0) < 0;
  const estimate = estimateOf(turned ? logs.map((log) => -log) : logs, seed);
  if (estimate === null) return [];
  const { median, low, high, count } = estimate;
  const up = { median: Math.exp(median), low: Math.exp(low), high: Math.exp(high), count };
  const down = { median: Math.exp(-median), low: Math.exp(-high), high: Math.exp(-low), count };
  const differs = significant && (low > 0 || high < 0);
  const cheaper = cheaperShare(logs);
  const [there, back] = turned ? [down, up] : [up, down];
  return [
    { target: one, other, ratio: there, cheaper, differs },
    { target: other, other: one, ratio: back, cheaper: 1 - cheaper, differs },
  ];
}

/**
 * The share of all resamples of the rounds in whose majority the cost is lower: exact, because only the
 * number of such rounds counts, which is binomial. Equal costs and equal halves count half.
 */
function cheaperShare(ratios: readonly number[]): number {
  const count = ratios.length;
  const lower = ratios.filter((ratio) => ratio < 0).length;
  const equal = ratios.filter((ratio) => ratio === 0).length;
  const share = (lower + equal / 2) / count;
  let sum = 0;
  for (let rounds = Math.ceil(count / 2); rounds <= count; rounds += 1) {
    sum += binomial(count, rounds, share) * (rounds * 2 === count ? 0.5 : 1);
  }
  return sum;
}

/** How likely exactly `successes` of `count` are, each with the probability `share`. */
function binomial(count: number, successes: number, share: number): number {
  let ways = 1;
  for (let at = 1; at <= successes; at += 1) ways *= (count - successes + at) / at;
  return ways * share ** successes * (1 - share) ** (count - successes);
}

/** Two-sided, of a mean of 0. 1 with fewer than two values. */
function pairedTTest(values: readonly number[]): number {
  const { count, mean, squares } = groupOf(values);
  if (count < 2 || mean === 0) return 1;
  const error = Math.sqrt(squares / (count - 1) / count);
  return error === 0 ? 0 : studentTwoSided(mean / error, count - 1);
}
