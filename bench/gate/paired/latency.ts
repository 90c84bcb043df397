/**
 * Quantiles out of a load's histogram.
 *
 * @module
 */

import { decodeFromCompressedBase64 } from 'hdr-histogram-js';

/** The value that `percentile` of 100 are at or below, in microseconds; NaN of none. */
export function quantileUs(encoded: string, percentile: number): number {
  const histogram = decodeFromCompressedBase64(encoded, 64);
  try {
    return histogram.totalCount === 0 ? Number.NaN : histogram.getValueAtPercentile(percentile);
  } finally {
    histogram.destroy();
  }
}
