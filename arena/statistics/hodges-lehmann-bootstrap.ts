/**
 * Bootstrap of the Hodges–Lehmann estimate without forming or sorting the means of any resample.
 *
 * A resample that draws value i cᵢ times has the mean of i and j cᵢcⱼ times, and that of i with itself
 * cᵢ(cᵢ+1)/2 times: the means of the values themselves, sorted once, are walked with these weights up to
 * the half of them. Bounds: 48 values and 10 000 resamples take some 10 ms and 100 kB.
 *
 * @module
 */

import type { Resampled } from './bca.ts';
import { hodgesLehmann } from './hodges-lehmann.ts';
import { drawCounts, seeded } from './random.ts';

interface Pairs {
  /** Means of two values, ascending, and the values they are of. */
  readonly means: Float64Array;
  readonly firsts: Uint16Array;
  readonly seconds: Uint16Array;
}

/** Of at least one and at most 4 096 finite values; the values' order changes nothing. */
export function resampledHodgesLehmann(
  values: readonly number[],
  seed: number,
  resamples: number,
): Resampled {
  const ascending = values.toSorted((one, other) => one - other);
  const pairs = pairsOf(ascending);
  const random = seeded(seed);
  const drawn = new Uint32Array(ascending.length);
  const resampled = new Float64Array(resamples);
  for (let index = 0; index < resamples; index += 1) {
    drawCounts(drawn, random);
    resampled[index] = weightedMiddle(pairs, drawn);
  }
  return {
    estimate: hodgesLehmann(ascending),
    resampled: resampled.toSorted(),
    leftOut: Float64Array.from(ascending, (_, at) =>
      weightedMiddle(pairs, drawn.fill(1).fill(0, at, at + 1)),
    ),
  };
}

function pairsOf(ascending: readonly number[]): Pairs {
  const pairs = ascending.flatMap((one, first) =>
    ascending
      .slice(first)
      .map((other, ahead) => ({ mean: (one + other) / 2, first, second: first + ahead })),
  );
  pairs.sort((one, other) => one.mean - other.mean);
  return {
    means: Float64Array.from(pairs, ({ mean }) => mean),
    firsts: Uint16Array.from(pairs, ({ first }) => first),
    seconds: Uint16Array.from(pairs, ({ second }) => second),
  };
}

/** The median of the means, each counted as often as the resample has it. */
function weightedMiddle(pairs: Pairs, drawn: Uint32Array): number {
  const count = drawn.reduce((sum, times) => sum + times, 0);
  const total = (count * (count + 1)) / 2;
  const lower = Math.floor((total - 1) / 2);
  const at = firstBeyond(pairs, drawn, lower);
  const mean = pairs.means[at.index] ?? Number.NaN;
  // An even number of means has two in the middle; the upper one is the same unless the lower ended there.
  if (total % 2 === 1 || at.seen > lower + 1) return mean;
  let next = at.index + 1;
  while (next < pairs.means.length && timesAt(pairs, drawn, next) === 0) next += 1;
  return (mean + (pairs.means[next] ?? Number.NaN)) / 2;
}

/** The first mean up to which more than `rank` are seen, and how many are. */
function firstBeyond(
  pairs: Pairs,
  drawn: Uint32Array,
  rank: number,
): { readonly index: number; readonly seen: number } {
  let seen = 0;
  let index = -1;
  while (seen <= rank && index < pairs.means.length) {
    index += 1;
    seen += timesAt(pairs, drawn, index);
  }
  return { index, seen };
}

function timesAt({ firsts, seconds }: Pairs, drawn: Uint32Array, index: number): number {
  const first = firsts[index] ?? 0;
  const second = seconds[index] ?? 0;
  const times = drawn[first] ?? 0;
  return first === second ? (times * (times + 1)) / 2 : times * (drawn[second] ?? 0);
}
