/**
 * Medians, their bootstrap intervals, and the random numbers that make a run repeatable.
 *
 * Source: Efron & Tibshirani, An Introduction to the Bootstrap, chapter 13 (percentile interval).
 *
 * @module
 */

const RESAMPLES = 10_000;

export interface Estimate {
  readonly median: number;
  /** 95 % interval of the median. */
  readonly low: number;
  readonly high: number;
  readonly count: number;
}

export type Random = () => number;

/** Numbers in [0, 1), the same for the same seed. Source: mulberry32, Tommy Ettinger. */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The items in a random order. Source: Fisher–Yates. */
export function shuffled<T>(items: readonly T[], random: Random): T[] {
  const order = [...items];
  for (let last = order.length - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1));
    [order[last], order[other]] = [order[other] as T, order[last] as T];
  }
  return order;
}

/** The value below which the share `at` of the sorted values lies, interpolated; NaN of none. */
export function quantile(sorted: ArrayLike<number>, at: number): number {
  const position = (sorted.length - 1) * at;
  const below = sorted[Math.floor(position)] ?? Number.NaN;
  const above = sorted[Math.ceil(position)] ?? Number.NaN;
  return below + (above - below) * (position - Math.floor(position));
}

export function median(values: readonly number[]): number {
  return quantile(Float64Array.from(values).toSorted(), 0.5);
}

/** The median with its interval. With fewer than about six values the interval is their range. */
export function estimate(values: readonly number[], seed: number): Estimate {
  const random = seeded(seed);
  const resample = new Float64Array(values.length);
  const medians = new Float64Array(RESAMPLES);
  for (let index = 0; index < RESAMPLES; index += 1) {
    for (let at = 0; at < resample.length; at += 1) {
      resample[at] = values[Math.floor(random() * values.length)] ?? Number.NaN;
    }
    medians[index] = quantile(resample.toSorted(), 0.5);
  }
  medians.sort();
  return {
    median: median(values),
    low: quantile(medians, 0.025),
    high: quantile(medians, 0.975),
    count: values.length,
  };
}
