import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import fc from 'fast-check';

import { bcaBounds } from './bca.ts';
import { bcaInterval, medianInterval, pairedRatio, probabilityFaster } from './bootstrap.ts';
import { hodgesLehmann } from './hodges-lehmann.ts';
import { resampledHodgesLehmann } from './hodges-lehmann-bootstrap.ts';
import { median, quantile } from './quantile.ts';
import { seeded, shuffled } from './random.ts';
import { isClose, vectors } from './reference/vectors.ts';

const positives = fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 20 });
const seeds = fc.integer({ min: 0, max: 0xffffffff });

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

describe('the BCa interval', () => {
  it("is SciPy's for the same resamples, to 1e-9", () => {
    for (const vector of vectors.bcaMean) {
      const ours = bcaInterval(vector.values, mean, vector);
      assert.ok(isClose(ours.low, vector.low, 1e-9), `${ours.low}, not ${vector.low}`);
      assert.ok(isClose(ours.high, vector.high, 1e-9), `${ours.high}, not ${vector.high}`);
    }
    for (const { values, seed, resamples, confidence, low, high } of vectors.bcaHodgesLehmann) {
      const ours = bcaBounds(resampledHodgesLehmann(values, seed, resamples), (1 - confidence) / 2);
      assert.ok(isClose(ours.low, low, 1e-9), `${ours.low}, not ${low}`);
      assert.ok(isClose(ours.high, high, 1e-9), `${ours.high}, not ${high}`);
    }
  });

  it('is the same of a statistic however it is resampled', () => {
    const values = [3, 1, 4, 1, 5, 9, 2, 6, 5];
    const fast = bcaBounds(resampledHodgesLehmann(values, 3, 500), 0.025);
    const { low, high } = bcaInterval(values, hodgesLehmann, { seed: 3, resamples: 500 });
    assert.deepEqual({ low, high }, fast);
  });

  it('is a point where nothing varies', () => {
    assert.deepEqual(bcaInterval([2, 2, 2], mean, { seed: 1, resamples: 50 }), {
      estimate: 2,
      low: 2,
      high: 2,
      count: 3,
    });
  });
});

describe('the interval of a median', () => {
  it("is SciPy's percentile interval for the same resamples, to 1e-12", () => {
    for (const vector of vectors.percentileMedian) {
      const ours = medianInterval(vector.values, vector);
      assert.ok(isClose(ours.median, vector.estimate, 1e-12));
      assert.ok(isClose(ours.low, vector.low, 1e-12), `${ours.low}, not ${vector.low}`);
      assert.ok(isClose(ours.high, vector.high, 1e-12), `${ours.high}, not ${vector.high}`);
    }
  });

  it('covers the true median about 95 times in 100', () => {
    const random = seeded(7);
    const sample = (): number => random() + random() + random();
    let covered = 0;
    for (let run = 0; run < 100; run += 1) {
      const values = Array.from({ length: 20 }, sample);
      const { low, high } = medianInterval(values, { seed: run, resamples: 1000 });
      if (low <= 1.5 && 1.5 <= high) covered += 1;
    }
    assert.ok(covered >= 88, `${covered} of 100`);
  });

  it('is the same for the same seed, whatever the order, and not a number of none', () => {
    fc.assert(
      fc.property(positives, seeds, (values, seed) => {
        const options = { seed, resamples: 50 };
        const interval = medianInterval(values, options);
        assert.deepEqual(medianInterval(shuffled(values, seeded(seed)), options), interval);
        assert.ok(interval.low <= interval.median && interval.median <= interval.high);
      }),
    );
    const none = medianInterval([], { seed: 1, resamples: 10 });
    assert.ok(Number.isNaN(none.median) && Number.isNaN(none.low));
  });

  it('grows with the confidence', () => {
    const values = [1, 5, 2, 8, 3, 9, 4];
    const narrow = medianInterval(values, { seed: 1, confidence: 0.5 });
    const wide = medianInterval(values, { seed: 1, confidence: 0.99 });
    assert.ok(wide.low < narrow.low && narrow.high < wide.high);
  });
});

describe('the ratio of paired values', () => {
  it('turns over when both are swapped', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(positives, positives), { minLength: 3 }), (pairs) => {
        const [ones, others] = [pairs.map(([one]) => mean(one)), pairs.map(([, one]) => mean(one))];
        const ratio = pairedRatio(ones, others, { seed: 1, resamples: 20 });
        const swapped = pairedRatio(others, ones, { seed: 1, resamples: 20 });
        assert.ok(isClose(swapped.estimate, 1 / ratio.estimate, 1e-9));
      }),
      { numRuns: 30 },
    );
  });

  it('finds a factor through what pairs have in common', () => {
    const random = seeded(5);
    const common = Array.from({ length: 20 }, () => 1 + 9 * random());
    const slower = common.map((value) => value * 1.1 * (1 + 0.01 * random()));
    const { estimate, low, high, count } = pairedRatio(slower, common, { seed: 1 });
    assert.ok(1.1 < low && low < estimate && estimate < high && high < 1.111);
    assert.equal(count, 20);
  });

  it('wants as many of both', () => {
    assert.throws(() => pairedRatio([1, 2], [1], { seed: 1 }), /as many of both/);
  });
});

describe('the probability that one is faster', () => {
  it('is one minus itself when both are swapped, and a half against itself', () => {
    fc.assert(
      fc.property(positives, positives, seeds, (one, other, seed) => {
        const options = { seed, resamples: 64 };
        const forth = probabilityFaster(one, other, options);
        assert.equal(forth + probabilityFaster(other, one, options), 1);
        assert.equal(probabilityFaster(one, one, options), 0.5);
      }),
    );
  });

  it('is sure where no value overlaps, and unsure where most do', () => {
    const options = { seed: 2, resamples: 1000 };
    assert.equal(probabilityFaster([1, 2, 3], [4, 5, 6], options), 1);
    assert.equal(probabilityFaster([4, 5, 6], [1, 2, 3], options), 0);
    const close = probabilityFaster([1, 2, 3, 4, 5], [1, 2, 3, 4, 6], options);
    assert.ok(close > 0.4 && close < 0.75, `${close}`);
    assert.ok(Number.isNaN(probabilityFaster([], [1], options)));
  });
});

describe('quantiles', () => {
  it('are interpolated, also of few values', () => {
    assert.equal(median([3, 1, 2]), 2);
    assert.equal(median([4, 1, 2, 3]), 2.5);
    assert.equal(quantile([0, 10], 0.9), 9);
    assert.ok(Number.isNaN(median([])));
  });
});
