import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import fc from 'fast-check';

import { holm } from './holm.ts';

describe("Holm's procedure", () => {
  it('adjusts the textbook example', () => {
    const steps = holm([0.01, 0.04, 0.03, 0.005]);
    assert.deepEqual(
      steps.map(({ divisor }) => divisor),
      [3, 1, 2, 4],
    );
    assert.deepEqual(
      steps.map(({ adjusted }) => adjusted),
      [0.03, 0.06, 0.06, 0.02],
    );
    assert.deepEqual(holm([]), []);
  });

  it('never adjusts below the value or above Bonferroni, and keeps the order', () => {
    const pValues = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 });
    fc.assert(
      fc.property(pValues, (values) => {
        const steps = holm(values);
        for (const [at, value] of values.entries()) {
          const { adjusted } = steps[at] ?? { adjusted: Number.NaN };
          assert.ok(adjusted >= value && adjusted <= Math.min(1, value * values.length));
          for (const [other, than] of values.entries()) {
            if (value < than) assert.ok(adjusted <= (steps[other]?.adjusted ?? 0));
            if (value === than) assert.deepEqual(steps[at], steps[other]);
          }
        }
      }),
    );
  });
});
