import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import fc from 'fast-check';

import {
  decodeHistogram,
  emptyHistogram,
  encodeHistogram,
  type Histogram,
  mergeHistograms,
  quantilesOf,
  quantileUs,
  recordUs,
} from './histogram.ts';

const Values = fc.array(fc.integer({ min: 1, max: 60_000_000 }), { maxLength: 60 });

function histogramOf(values: readonly number[]): Histogram {
  const histogram = emptyHistogram();
  for (const value of values) recordUs(histogram, value);
  return histogram;
}

describe('histograms of latency', () => {
  test('come back from their encoding as they went', () => {
    fc.assert(
      fc.property(Values, (values) => {
        const histogram = histogramOf(values);
        const read = decodeHistogram(encodeHistogram(histogram));
        assert.deepEqual(quantilesOf(read), quantilesOf(histogram));
      }),
    );
  });

  test('are merged by counts: several are as one of all values', () => {
    fc.assert(
      fc.property(fc.array(Values, { maxLength: 5 }), (parts) => {
        const merged = mergeHistograms(parts.map((part) => encodeHistogram(histogramOf(part))));
        assert.deepEqual(quantilesOf(merged), quantilesOf(histogramOf(parts.flat())));
      }),
    );
  });

  test('give a quantile within a thousandth of the sorted value', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 59_000_000 }), { minLength: 1, maxLength: 200 }),
        fc.constantFrom(0.5, 0.9, 0.99, 0.999),
        (values, quantile) => {
          const sorted = values.toSorted((a, b) => a - b);
          const exact = sorted[Math.max(0, Math.ceil(quantile * sorted.length - 1e-9) - 1)] ?? 0;
          const found = quantileUs(histogramOf(values), quantile) ?? 0;
          assert.ok(Math.abs(found - exact) <= Math.max(1, exact / 1000), `${found} for ${exact}`);
        },
      ),
    );
  });

  test('do not average percentiles: a slow hundredth stays one', () => {
    const fast = encodeHistogram(histogramOf(Array.from({ length: 9900 }, () => 100)));
    const slow = encodeHistogram(histogramOf(Array.from({ length: 100 }, () => 50_000)));
    const { p50Us, p99Us, p999Us, count } = quantilesOf(mergeHistograms([fast, slow]));
    assert.deepEqual([p50Us, p99Us, count], [100, 100, 10_000]);
    assert.ok((p999Us ?? 0) >= 50_000);
  });

  test('keep what is beyond their bounds at the bound, and have no quantiles when empty', () => {
    const bounds = histogramOf([0.2, 1e12]);
    assert.equal(bounds.totalCount, 2);
    assert.equal(quantileUs(bounds, 0.5), 1);
    assert.ok((quantileUs(bounds, 1) ?? 0) >= 60_000_000);
    assert.equal(quantileUs(emptyHistogram(), 0.5), null);
    assert.equal(quantilesOf(mergeHistograms([])).maxUs, null);
  });

  test('refuse what is no histogram', () => {
    assert.throws(() => decodeHistogram('bm9uZQ=='));
  });
});
