import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';

import { FLAT_WINDOWS, isFlat } from './flat.ts';

const positive = fc.double({ min: 1e-3, max: 1e6, noNaN: true });
const share = fc.double({ min: 0.001, max: 1, noNaN: true });

describe('flat', () => {
  it('is what does not change, from three windows on', () => {
    fc.assert(
      fc.property(positive, share, fc.nat({ max: 5 }), (value, within, count) => {
        const windows = Array.from({ length: count }, () => value);
        assert.equal(isFlat(windows, within), count >= FLAT_WINDOWS);
      }),
    );
  });

  it('does not look at what came before the last three', () => {
    fc.assert(
      fc.property(
        fc.array(positive),
        fc.array(positive, { minLength: 3 }),
        share,
        (early, late, within) => {
          assert.equal(isFlat([...early, ...late], within), isFlat(late, within));
        },
      ),
    );
  });

  it('does not depend on the unit, nor on the order of the three', () => {
    fc.assert(
      fc.property(fc.tuple(positive, positive, positive), share, ([a, b, c], within) => {
        const flat = isFlat([a, b, c], within);
        assert.equal(isFlat([c, a, b], within), flat);
        assert.equal(isFlat([a * 2, b * 2, c * 2], within), flat);
      }),
    );
  });

  it('never is what falls or rises by more than the share, and stays so within a wider one', () => {
    fc.assert(
      fc.property(positive, share, (value, within) => {
        const steep = [value * (1 + within) * 1.01, value, value];
        assert.equal(isFlat(steep, within), false);
        assert.equal(isFlat(steep.toReversed(), within), false);
        assert.equal(isFlat(steep, within * 1.02 + 0.02), true);
      }),
    );
  });

  for (const nothing of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
    it(`never is a window of ${nothing}: nothing was seen in it`, () => {
      assert.equal(isFlat([nothing, nothing, nothing], 1), false);
      assert.equal(isFlat([1, 1, nothing], 1), false);
    });
  }
});
