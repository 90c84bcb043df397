/**
 * The one quantile that a run itself looks at; all others are the report's.
 *
 * @module
 */

import { decodeHistogram, quantileUs } from './histogram.ts';

/** Of an encoded histogram, in microseconds; null when it is empty. */
export function p99Us(encoded: string): number | null {
  return quantileUs(decodeHistogram(encoded), 0.99);
}
