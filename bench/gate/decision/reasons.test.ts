import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { percent } from './reasons.ts';

describe('a share in words', () => {
  it('has a sign and one digit, and no negative zero', () => {
    assert.deepEqual([0.041, -0.003, -0.0001, 0, 1.5].map(percent), [
      '+4.1 %',
      '−0.3 %',
      '+0.0 %',
      '+0.0 %',
      '+150.0 %',
    ]);
    assert.equal(percent(Number.NEGATIVE_INFINITY), 'unbounded');
  });
});
