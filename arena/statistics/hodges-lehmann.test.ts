import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import fc from 'fast-check';

import { hodgesLehmann } from './hodges-lehmann.ts';
import { resampledHodgesLehmann } from './hodges-lehmann-bootstrap.ts';
import { drawCounts, seeded, shuffled } from './random.ts';
import { isClose, vectors } from './reference/vectors.ts';

/** Whole numbers, so that sums and halves of them are exact. */
const wholes = fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 1, maxLength: 30 });

describe('the Hodges–Lehmann estimate', () => {
  it('is the median of all means of two, as NumPy computes it', () => {
    for (const [values, estimate] of vectors.hodgesLehmann) {
      assert.ok(isClose(hodgesLehmann(values), estimate, 1e-12));
    }
    assert.ok(Number.isNaN(hodgesLehmann([])));
  });

  it('flips with the sign, moves with a shift, grows with a scale, and knows no order', () => {
    fc.assert(
      fc.property(wholes, fc.integer({ min: -50, max: 50 }), fc.nat(), (values, by, seed) => {
        const estimate = hodgesLehmann(values);
        assert.equal(hodgesLehmann(values.map((value) => -value)), estimate === 0 ? 0 : -estimate);
        assert.equal(hodgesLehmann(values.map((value) => value + by)), estimate + by);
        assert.equal(hodgesLehmann(values.map((value) => value * 4)), estimate * 4);
        assert.equal(hodgesLehmann(shuffled(values, seeded(seed))), estimate);
      }),
    );
  });

  it('is not moved far by a quarter of wild values', () => {
    const values = Array.from({ length: 24 }, (_, at) => 1 + at / 1000);
    const wild = values.map((value, at) => (at < 6 ? 1e6 : value));
    assert.ok(Math.abs(hodgesLehmann(wild) - 1) < 0.05);
  });

  it('has the resamples that sorting each of them would give', () => {
    fc.assert(
      fc.property(wholes, fc.nat(), (values, seed) => {
        const ascending = values.toSorted((one, other) => one - other);
        const random = seeded(seed);
        const drawn = new Uint32Array(ascending.length);
        const expected = Array.from({ length: 20 }, () => {
          drawCounts(drawn, random);
          return hodgesLehmann(
            ascending.flatMap((value, at) => Array.from({ length: drawn[at] ?? 0 }, () => value)),
          );
        });
        assert.deepEqual(
          [...resampledHodgesLehmann(values, seed, 20).resampled],
          expected.toSorted((one, other) => one - other),
        );
      }),
    );
  });

  it('says how many values are too many', () => {
    assert.throws(() => hodgesLehmann(Array.from({ length: 5000 }, () => 1)), /at most 4096/);
  });
});
