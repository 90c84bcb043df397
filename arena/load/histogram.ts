/**
 * Histograms of latency as the drivers send them: merged by counts, read by quantile.
 *
 * Unit: microseconds, 1 to 60 000 000, 3 significant digits; what is beyond counts as the bound.
 * Percentiles are never averaged: several histograms are made one first.
 * Source: HdrHistogram, V2 encoding with DEFLATE.
 *
 * @module
 */

import hdr, { type Histogram } from 'hdr-histogram-js';

const LONGEST_US = 60_000_000;
const DIGITS = 3;
/** Of a count; others wrap around silently. */
const COUNT_BITS = 64;

export type { Histogram };

/** Of all values of a histogram. A quantile of none is null. */
export interface Quantiles {
  readonly count: number;
  readonly p50Us: number | null;
  readonly p75Us: number | null;
  readonly p90Us: number | null;
  readonly p95Us: number | null;
  readonly p99Us: number | null;
  readonly p999Us: number | null;
  readonly p9999Us: number | null;
  readonly maxUs: number | null;
}

/** One without values. */
export function emptyHistogram(): Histogram {
  return hdr.build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: LONGEST_US,
    numberOfSignificantValueDigits: DIGITS,
    autoResize: false,
    bitBucketSize: COUNT_BITS,
  });
}

/** Counts `us` microseconds, which need not be whole. */
export function recordUs(histogram: Histogram, us: number): void {
  histogram.recordValue(Math.min(Math.max(Math.round(us), 1), LONGEST_US));
}

/** Reads one. Throws when it is none. */
export function decodeHistogram(encoded: string): Histogram {
  return hdr.decodeFromCompressedBase64(encoded, COUNT_BITS);
}

/** As it is kept in results: V2 with DEFLATE, base64. */
export function encodeHistogram(histogram: Histogram): string {
  return hdr.encodeIntoCompressedBase64(histogram);
}

/** The counts of all of them together. Throws when one can't be read. */
export function mergeHistograms(encoded: readonly string[]): Histogram {
  const sum = emptyHistogram();
  for (const one of encoded) sum.add(decodeHistogram(one));
  return sum;
}

/** The value that the share `quantile` (0 to 1) of all values is at or below; null of none. */
export function quantileUs(histogram: Histogram, quantile: number): number | null {
  return histogram.totalCount === 0 ? null : histogram.getValueAtPercentile(quantile * 100);
}

export function quantilesOf(histogram: Histogram): Quantiles {
  const at = (quantile: number): number | null => quantileUs(histogram, quantile);
  return {
    count: histogram.totalCount,
    p50Us: at(0.5),
    p75Us: at(0.75),
    p90Us: at(0.9),
    p95Us: at(0.95),
    p99Us: at(0.99),
    p999Us: at(0.999),
    p9999Us: at(0.9999),
    maxUs: at(1),
  };
}
