import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { normalQuantile, normalShare } from './normal.ts';
import { isClose, vectors } from './reference/vectors.ts';

describe('the normal distribution', () => {
  it("has SciPy's shares to 1e-13, in the far tail to 1e-12", () => {
    for (const [at, share] of vectors.normalShare) {
      const tolerance = at < -8 ? 1e-12 : 1e-13;
      assert.ok(
        isClose(normalShare(at), share, tolerance),
        `${at}: ${normalShare(at)}, not ${share}`,
      );
    }
  });

  it("has SciPy's quantiles to 1e-11", () => {
    for (const [share, at] of vectors.normalQuantile) {
      assert.ok(
        isClose(normalQuantile(share), at, 1e-11),
        `${share}: ${normalQuantile(share)}, not ${at}`,
      );
    }
  });

  it('is infinite at the ends and nothing beyond them', () => {
    assert.equal(normalQuantile(0), Number.NEGATIVE_INFINITY);
    assert.equal(normalQuantile(1), Number.POSITIVE_INFINITY);
    assert.ok(Number.isNaN(normalQuantile(1.1)));
  });
});
