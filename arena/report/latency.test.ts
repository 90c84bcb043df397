import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { build, type Histogram } from 'hdr-histogram-js';

import { curveOf, latencyOf, merged } from './latency.ts';

function histogramOf(counts: Readonly<Record<number, number>>): Histogram {
  const histogram = build({ numberOfSignificantValueDigits: 3 });
  for (const [us, count] of Object.entries(counts)) {
    histogram.recordValueWithCount(Number(us), count);
  }
  return histogram;
}

describe('latency of several blocks', () => {
  it('is merged by counts, not by averaging quantiles', () => {
    const sum = merged([histogramOf({ 100: 9900 }), histogramOf({ 1000: 100 })]);
    assert.ok(sum);
    const { samples, p50Us, p99Us, maxUs } = latencyOf(sum);
    assert.deepEqual(
      { samples, p50Us, p99Us, maxUs },
      { samples: 10_000, p50Us: 100, p99Us: 100, maxUs: 1000 },
    );
  });

  it('tells p99.9 from 10 000 samples on, p99.99 from 100 000', () => {
    assert.equal(latencyOf(histogramOf({ 100: 9999 })).p999Us, null);
    assert.equal(latencyOf(histogramOf({ 100: 10_000 })).p999Us, 100);
    assert.equal(latencyOf(histogramOf({ 100: 99_999 })).p9999Us, null);
    assert.equal(latencyOf(histogramOf({ 100: 100_000 })).p9999Us, 100);
  });

  it('is none where nothing was answered', () => {
    assert.equal(merged([]), null);
    assert.equal(merged([histogramOf({})]), null);
  });

  it('has a curve that never falls and ends with ten samples beyond', () => {
    const curve = curveOf(histogramOf({ 100: 900, 200: 90, 400: 10 }));
    assert.equal(curve.at(-1)?.nines, 2);
    for (const [at, point] of curve.entries()) assert.ok(point.us >= (curve[at - 1]?.us ?? 0));
  });
});
