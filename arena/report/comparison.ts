/**
 * Which of the targets of a table are cheaper than which, and which can't be told apart.
 *
 * Rounds are paired: the ratio of a round's two costs is free of what slowed both. Two targets
 * differ when Wilcoxon's signed-rank test of the log-ratios says so at 5 %, after Holm's correction
 * for all pairs of the table; all others are tied. Few rounds can't tell anything: with six targets
 * it takes ten.
 *
 * @module
 */

import { probabilityFaster } from '../statistics/bootstrap.ts';
import { holm } from '../statistics/holm.ts';
import { signedRankTest } from '../statistics/wilcoxon.ts';
import { type Estimate, estimateOf, RESAMPLES } from './estimates.ts';
import { costs, logRatios, type Series } from './series.ts';

const ALPHA = 0.05;

/** `target` compared with `other`, by CPU per request, from the rounds in which both count. */
export interface Pair {
  readonly target: string;
  readonly other: string;
  /** Cost of `target` as a multiple of `other`'s. */
  readonly ratio: Estimate;
  /** How likely it is that `target` is the cheaper one. */
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
      return ratios.length === 0
        ? []
        : [{ one: one.target, other: other.target, logRatios: ratios, pValue: twoSided(ratios) }];
    }),
  );
  const steps = holm(tests.map(({ pValue }) => pValue));
  return tests.flatMap((test, at) => {
    const differs = (steps[at]?.adjusted ?? 1) <= ALPHA;
    const turned = test.logRatios.map((ratio) => -ratio);
    return [
      ...pairOf(test.one, test.other, test.logRatios, differs, seed),
      ...pairOf(test.other, test.one, turned, differs, seed),
    ];
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
    ranks.set(name, { from: 1 + cheaper, to: 1 + cheaper + tied.length, tiedWith: tied.toSorted() });
  }
  return ranks;
}

/** Rounds with which every pair of so many targets could be told apart at all. */
export function roundsNeeded(targets: number): number {
  const pairs = (targets * (targets - 1)) / 2;
  return Math.ceil(Math.log2((2 * Math.max(1, pairs)) / ALPHA));
}

function pairOf(
  target: string,
  other: string,
  ratios: readonly number[],
  differs: boolean,
  seed: number,
): Pair[] {
  const ratio = estimateOf(ratios.map(Math.exp), seed);
  if (ratio === null) return [];
  const turned = ratios.map((value) => -value);
  // From both sides, so that it and the other's add up to 1.
  const options = { seed, resamples: RESAMPLES };
  const cheaper =
    (probabilityFaster(ratios, [0], options) + probabilityFaster([0], turned, options)) / 2;
  return [{ target, other, ratio, cheaper, differs }];
}

function twoSided(values: readonly number[]): number {
  const greater = signedRankTest(values, 'greater').pValue;
  const less = signedRankTest(values, 'less').pValue;
  return Math.min(1, 2 * Math.min(greater, less));
}
