import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { seeded, shuffled } from './random.ts';

const draw = (seed: number): number[] => Array.from({ length: 8 }, seeded(seed));

describe('random', () => {
  it('is the same for the same seed, and another for another', () => {
    assert.deepEqual(draw(3), draw(3));
    assert.notDeepEqual(draw(3), draw(4));
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
