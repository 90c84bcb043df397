import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import fc from 'fast-check';

import { seeded, shuffled } from './random.ts';
import { isClose, vectors } from './reference/vectors.ts';
import { EXACT_MAX, signedRankBounds, signedRankTest } from './wilcoxon.ts';

const wholes = fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 1, maxLength: 40 });
const alphas = fc.double({ min: 1e-6, max: 0.4, noNaN: true });

describe("Wilcoxon's signed-rank test", () => {
  it("has SciPy's p-values to 1e-9: exact, exact with ties and zeros, normal with ties", () => {
    assert.ok(vectors.signedRank.some(({ values }) => values.length > EXACT_MAX));
    for (const { values, alternative, statistic, pValue } of vectors.signedRank) {
      const ours = signedRankTest(values, alternative);
      assert.ok(isClose(ours.pValue, pValue, 1e-9), `${ours.pValue}, not ${pValue}`);
      assert.equal(ours.statistic, statistic);
    }
  });

  it('swaps its sides with the sign, and knows neither order nor scale', () => {
    fc.assert(
      fc.property(wholes, fc.nat(), (values, seed) => {
        const { pValue } = signedRankTest(values, 'greater');
        const flipped = values.map((value) => -value);
        assert.equal(signedRankTest(flipped, 'less').pValue, pValue);
        assert.equal(signedRankTest(shuffled(values, seeded(seed)), 'greater').pValue, pValue);
        assert.equal(
          signedRankTest(
            values.map((value) => value * 4),
            'greater',
          ).pValue,
          pValue,
        );
      }),
    );
  });

  it('knows no difference where there is none', () => {
    assert.deepEqual(signedRankTest([0, 0], 'greater'), { statistic: 0, pValue: 1, count: 0 });
  });
});

describe('the bounds from inverting it', () => {
  it("are the last shift that SciPy's exact test rejects, to 1e-12", () => {
    for (const { values, alpha, low, high } of vectors.signedRankBounds) {
      const ours = signedRankBounds(values, alpha);
      assert.ok(
        isClose(ours.low, low ?? Number.NEGATIVE_INFINITY, 1e-12),
        `${ours.low}, not ${low}`,
      );
      assert.ok(isClose(ours.high, high ?? Number.POSITIVE_INFINITY, 1e-12));
    }
  });

  it('mirror with the sign, move with a shift, and know no order', () => {
    fc.assert(
      fc.property(wholes, alphas, fc.nat(), (values, alpha, seed) => {
        const { low, high } = signedRankBounds(values, alpha);
        const flipped = signedRankBounds(
          values.map((value) => -value),
          alpha,
        );
        assert.ok(flipped.low === -high && flipped.high === -low);
        const moved = signedRankBounds(
          values.map((value) => value + 7),
          alpha,
        );
        assert.deepEqual(moved, { low: low + 7, high: high + 7 });
        assert.deepEqual(signedRankBounds(shuffled(values, seeded(seed)), alpha), { low, high });
      }),
    );
  });

  it('draw in as more error is allowed', () => {
    fc.assert(
      fc.property(wholes, alphas, alphas, (values, one, other) => {
        const strict = signedRankBounds(values, Math.min(one, other));
        const loose = signedRankBounds(values, Math.max(one, other));
        assert.ok(strict.low <= loose.low && loose.high <= strict.high);
      }),
    );
  });

  it('are infinite when so few values can say nothing', () => {
    assert.deepEqual(signedRankBounds([1, 2, 3], 0.05), {
      low: Number.NEGATIVE_INFINITY,
      high: Number.POSITIVE_INFINITY,
    });
  });

  it('hardly change where the exact distribution ends', () => {
    const values = Array.from({ length: EXACT_MAX + 1 }, (_, at) => Math.sin(at * at));
    const exact = signedRankBounds(values.slice(1), 0.01);
    const normal = signedRankBounds(values, 0.01);
    assert.ok(Math.abs(exact.low - normal.low) < 0.02 && Math.abs(exact.high - normal.high) < 0.02);
  });
});
