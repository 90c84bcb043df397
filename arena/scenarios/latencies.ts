/**
 * Delays that a scenario's own client has seen.
 *
 * Unit: microseconds. Bounds: 1 µs to 1 hour; what lies outside counts as the bound.
 *
 * @module
 */

import { build, encodeIntoCompressedBase64, type Histogram } from 'hdr-histogram-js';

const HIGHEST_US = 3_600_000_000;

export class Latencies {
  readonly #histogram: Histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: HIGHEST_US,
    numberOfSignificantValueDigits: 3,
  });

  add(us: number): void {
    this.#histogram.recordValue(Math.min(HIGHEST_US, Math.max(1, Math.round(us))));
  }

  get count(): number {
    return this.#histogram.totalCount;
  }

  /** `at` is from 0 to 100; 0 when nothing was added. */
  percentileUs(at: number): number {
    return this.#histogram.getValueAtPercentile(at);
  }

  /** As results have it. */
  encoded(): string {
    return encodeIntoCompressedBase64(this.#histogram);
  }
}
