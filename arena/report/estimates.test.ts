import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { estimateOf, ratioOfMedians } from './estimates.ts';

describe('an estimate', () => {
  it('is none of no values, and its own interval of one', () => {
    assert.equal(estimateOf([], 1), null);
    assert.deepEqual(estimateOf([5], 1), { median: 5, low: 5, high: 5, count: 1 });
  });
});

describe('the ratio of two runs’ medians', () => {
  const run = { median: 10, low: 9, high: 11, count: 8 };

  it('is 1 of a run and itself, with a wider interval than either has', () => {
    const ratio = ratioOfMedians(run, run);
    assert.equal(ratio?.median, 1);
    assert.ok(ratio.low < 0.9 && ratio.high > 1.1);
  });

  it('turns round when the runs do', () => {
    const other = { median: 12, low: 11.5, high: 13, count: 6 };
    const [there, back] = [ratioOfMedians(other, run), ratioOfMedians(run, other)];
    assert.ok(there && back);
    assert.ok(Math.abs(there.median * back.median - 1) < 1e-12);
    assert.ok(Math.abs(there.low * back.high - 1) < 1e-12);
    assert.equal(there.count, 6);
  });

  it('is none where a value isn’t above 0', () => {
    assert.equal(ratioOfMedians(run, { ...run, low: 0 }), null);
  });
});
