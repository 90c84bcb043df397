import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { isClose, vectors } from './reference/vectors.ts';
import { obrienFlemingLevels } from './spending.ts';

describe('the spending of error over looks', () => {
  it("is SciPy's integral over three looks, to 1e-7", () => {
    const { counts, alpha, cumulative, nominal } = vectors.spending;
    for (const [at, level] of obrienFlemingLevels(counts, alpha).entries()) {
      assert.ok(isClose(level.cumulative, cumulative[at] ?? 0, 1e-12), `${level.cumulative}`);
      assert.ok(
        isClose(level.nominal, nominal[at] ?? 0, 1e-7),
        `${level.nominal}, not ${nominal[at]}`,
      );
    }
  });

  it('spends 0.0007, 0.016 and 0.05 of 5 % at thirds', () => {
    const spent = obrienFlemingLevels([16, 32, 48], 0.05).map(({ cumulative }) => cumulative);
    assert.deepEqual(
      spent.map((value) => Number(value.toPrecision(2))),
      [0.00069, 0.016, 0.05],
    );
  });

  it('gives a single look everything', () => {
    const [only] = obrienFlemingLevels([10], 0.05);
    assert.ok(isClose(only?.nominal ?? 0, 0.05, 1e-12));
  });

  it('wants looks at growing counts', () => {
    assert.throws(() => obrienFlemingLevels([16, 16], 0.05), /ascending/);
    assert.throws(() => obrienFlemingLevels([], 0.05), /ascending/);
  });
});
