/**
 * Latency of many blocks as one: histograms merged by their counts, never percentiles averaged.
 *
 * Microseconds. p99.9 and p99.99 are told only of enough samples: ten beyond the quantile.
 *
 * @module
 */

import { emptyHistogram, type Histogram } from '../load/histogram.ts';

/** Samples below which a quantile is not known: ten of them would lie beyond it. */
const SAMPLES_MIN = { p999Us: 10_000, p9999Us: 100_000 } as const;
/** Nines of the curve's points: 0 is p0, 1 is p90, 2 is p99. */
const NINES_STEP = 0.1;

export interface Latency {
  readonly samples: number;
  readonly p50Us: number;
  readonly p75Us: number;
  readonly p90Us: number;
  readonly p99Us: number;
  /** Null when there are too few samples to know it. */
  readonly p999Us: number | null;
  readonly p9999Us: number | null;
  readonly maxUs: number;
}

/** `nines` is −log10 of the share beyond, `us` the latency there. */
export interface CurvePoint {
  readonly nines: number;
  readonly us: number;
}

/** Their counts together; null when they hold no samples. */
export function merged(histograms: readonly Histogram[]): Histogram | null {
  const sum = emptyHistogram();
  for (const one of histograms) sum.add(one);
  return sum.totalCount === 0 ? null : sum;
}

export function latencyOf(histogram: Histogram): Latency {
  const at = (percentile: number): number => histogram.getValueAtPercentile(percentile);
  const samples = histogram.totalCount;
  return {
    samples,
    p50Us: at(50),
    p75Us: at(75),
    p90Us: at(90),
    p99Us: at(99),
    p999Us: samples < SAMPLES_MIN.p999Us ? null : at(99.9),
    p9999Us: samples < SAMPLES_MIN.p9999Us ? null : at(99.99),
    maxUs: histogram.maxValue,
  };
}

/** From p0 to where fewer than ten samples lie beyond; at most five nines. */
export function curveOf(histogram: Histogram): CurvePoint[] {
  const last = Math.min(5, Math.log10(histogram.totalCount / 10));
  const points: CurvePoint[] = [];
  for (let step = 0; step * NINES_STEP <= last + 1e-9; step += 1) {
    const nines = Math.round(step * NINES_STEP * 10) / 10;
    points.push({ nines, us: histogram.getValueAtPercentile(100 * (1 - 10 ** -nines)) });
  }
  return points;
}
