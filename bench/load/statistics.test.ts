import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { estimate, median, quantile, seeded, shuffled } from './statistics.ts';

describe('statistics', () => {
  it('finds medians and quantiles of few values', () => {
    assert.equal(median([3, 1, 2]), 2);
    assert.equal(median([4, 1, 2, 3]), 2.5);
    assert.equal(quantile([0, 10], 0.9), 9);
    assert.ok(Number.isNaN(median([])));
  });

  it('gives an interval that covers the true median about 95 times in 100', () => {
    const random = seeded(7);
    const sample = (): number => random() + random() + random();
    let covered = 0;
    for (let run = 0; run < 100; run += 1) {
      const { low, high } = estimate(Array.from({ length: 20 }, sample), run);
      if (low <= 1.5 && 1.5 <= high) covered += 1;
    }
    assert.ok(covered >= 88, `${covered} of 100`);
  });

  it('is the same for the same seed', () => {
    assert.deepEqual(estimate([1, 2, 5, 9], 3), estimate([1, 2, 5, 9], 3));
    assert.deepEqual(shuffled([1, 2, 3, 4], seeded(3)), shuffled([1, 2, 3, 4], seeded(3)));
  });

  it('shuffles evenly', () => {
    const random = seeded(1);
    const firsts = [0, 0, 0];
    for (let run = 0; run < 3000; run += 1) {
      const first = shuffled([0, 1, 2], random)[0] ?? 0;
      firsts[first] = (firsts[first] ?? 0) + 1;
    }
    assert.ok(
      firsts.every((count) => Math.abs(count - 1000) < 120),
      firsts.join(' '),
    );
  });
});
