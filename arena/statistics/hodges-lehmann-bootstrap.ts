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
    leftOut: Float64Array.from(ascending, (_, at) => hodgesLehmann(ascending.toSpliced(at, 1))),
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
function weightedMiddle({ means, firsts, seconds }: Pairs, drawn: Uint32Array): number {
  const total = (drawn.length * (drawn.length + 1)) / 2;
  const [lower, upper] = [Math.floor((total - 1) / 2), Math.floor(total / 2)];
  let seen = 0;
  let below = Number.NaN;
  for (let at = 0; at < means.length; at += 1) {
    const first = firsts[at] ?? 0;
    const second = seconds[at] ?? 0;
    const times = drawn[first] ?? 0;
    seen += first === second ? (times * (times + 1)) / 2 : times * (drawn[second] ?? 0);
    if (Number.isNaN(below) && seen > lower) below = means[at] ?? 0;
    if (seen > upper) return (below + (means[at] ?? 0)) / 2;
  }
  return Number.NaN;
}
