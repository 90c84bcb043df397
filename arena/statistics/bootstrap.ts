/**
 * Intervals by resampling: of a median, of any statistic, of the ratio of two paired measurements, and
 * how likely one is faster than another.
 *
 * Values are sorted first, so that their order changes nothing; the same seed gives the same interval.
 * Source: Efron & Tibshirani, An Introduction to the Bootstrap, chapters 13 and 14.
 *
 * @module
 */

import { bcaBounds, type Resampled } from './bca.ts';
import { resampledHodgesLehmann } from './hodges-lehmann-bootstrap.ts';
import { quantile } from './quantile.ts';
import { drawCounts, type Random, seeded } from './random.ts';

const RESAMPLES = 10_000;
const CONFIDENCE = 0.95;

export interface BootstrapOptions {
  readonly seed: number;
  /** 10 000 unless told. */
  readonly resamples?: number;
  /** Two-sided; 0.95 unless told. */
  readonly confidence?: number;
}

export interface Estimate {
  readonly median: number;
  readonly low: number;
  readonly high: number;
  readonly count: number;
}

export interface Interval {
  readonly estimate: number;
  readonly low: number;
  readonly high: number;
  readonly count: number;
}

/** The median with its percentile interval. With fewer than about six values it is their range; of none, NaN. */
export function medianInterval(values: readonly number[], options: BootstrapOptions): Estimate {
  const ascending = Float64Array.from(values).toSorted();
  const medians = resampledMedians(
    ascending,
    seeded(options.seed),
    options.resamples ?? RESAMPLES,
  ).toSorted();
  const outside = (1 - (options.confidence ?? CONFIDENCE)) / 2;
  return {
    median: quantile(ascending, 0.5),
    low: quantile(medians, outside),
    high: quantile(medians, 1 - outside),
    count: values.length,
  };
}

/** A statistic with its BCa interval; `statistic` gets values in no certain order and must not keep them. */
export function bcaInterval(
  values: readonly number[],
  statistic: (values: readonly number[]) => number,
  options: BootstrapOptions,
): Interval {
  const ascending = values.toSorted((one, other) => one - other);
  const of = resampledStatistic(ascending, statistic, options);
  const { low, high } = bcaBounds(of, (1 - (options.confidence ?? CONFIDENCE)) / 2);
  return { estimate: of.estimate, low, high, count: values.length };
}

/**
 * How many times the second measurement the first is: the Hodges–Lehmann estimate of the ratios'
 * logarithms, with its BCa interval. Swapping both gives the reciprocal. Throws on unequal counts.
 */
export function pairedRatio(
  numerators: readonly number[],
  denominators: readonly number[],
  options: BootstrapOptions,
): Interval {
  if (numerators.length !== denominators.length) {
    throw new RangeError(
      `${numerators.length} values can't be paired with ${denominators.length}: give as many of both`,
    );
  }
  const logs = numerators.map((value, at) => Math.log(value / (denominators[at] ?? Number.NaN)));
  const of = resampledHodgesLehmann(logs, options.seed, options.resamples ?? RESAMPLES);
  const { low, high } = bcaBounds(of, (1 - (options.confidence ?? CONFIDENCE)) / 2);
  return {
    estimate: Math.exp(of.estimate),
    low: Math.exp(low),
    high: Math.exp(high),
    count: logs.length,
  };
}

/**
 * The share of resamples in which the median of `a` is under that of `b`, a tie counting half; 1 minus
 * that exactly when both are swapped. NaN when one has no values.
 */
export function probabilityFaster(
  a: readonly number[],
  b: readonly number[],
  options: BootstrapOptions,
): number {
  if (a.length === 0 || b.length === 0) return Number.NaN;
  const resamples = options.resamples ?? RESAMPLES;
  const medians = (values: readonly number[], seed: number): Float64Array =>
    resampledMedians(Float64Array.from(values).toSorted(), seeded(seed), resamples);
  // Each gets both streams of random numbers once, so that neither side is favoured by its stream.
  const [one, other] = [options.seed, ~options.seed];
  const halves =
    halvesUnder(medians(a, one), medians(b, other)) +
    halvesUnder(medians(a, other), medians(b, one));
  return halves / (4 * resamples);
}

/** Twice how often the first is the lower of two, plus how often both are equal. */
function halvesUnder(ones: Float64Array, others: Float64Array): number {
  let halves = 0;
  for (let at = 0; at < ones.length; at += 1) {
    const difference = (ones[at] ?? 0) - (others[at] ?? 0);
    halves += difference < 0 ? 2 : Number(difference === 0);
  }
  return halves;
}

/** Medians of resamples, in no order, by counting how often each rank was drawn instead of sorting. */
function resampledMedians(
  ascending: Float64Array,
  random: Random,
  resamples: number,
): Float64Array {
  const count = ascending.length;
  const drawn = new Uint32Array(count);
  const medians = new Float64Array(resamples);
  const [lower, upper] = [Math.floor((count - 1) / 2), Math.floor(count / 2)];
  for (let index = 0; index < resamples; index += 1) {
    drawCounts(drawn, random);
    let rank = 0;
    let seen = drawn[0] ?? 0;
    while (seen <= lower && rank < count) seen += drawn[(rank += 1)] ?? 0;
    const below = ascending[rank] ?? Number.NaN;
    while (seen <= upper && rank < count) seen += drawn[(rank += 1)] ?? 0;
    medians[index] = (below + (ascending[rank] ?? Number.NaN)) / 2;
  }
  return medians;
}

function resampledStatistic(
  ascending: readonly number[],
  statistic: (values: readonly number[]) => number,
  options: BootstrapOptions,
): Resampled {
  const random = seeded(options.seed);
  const sample = [...ascending];
  const resampled = new Float64Array(options.resamples ?? RESAMPLES);
  for (let index = 0; index < resampled.length; index += 1) {
    for (let at = 0; at < sample.length; at += 1) {
      sample[at] = ascending[Math.floor(random() * ascending.length)] ?? 0;
    }
    resampled[index] = statistic(sample);
  }
  const leftOut = Float64Array.from(ascending, (_, at) => statistic(ascending.toSpliced(at, 1)));
  return { estimate: statistic(ascending), resampled: resampled.toSorted(), leftOut };
}
