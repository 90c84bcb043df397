import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';

import { takeOldest } from './merge.ts';

/** Times of one worker, ascending. */
const worker = fc
  .array(fc.integer({ min: 0, max: 50 }), { maxLength: 30 })
  .map((times) => times.toSorted((one, other) => one - other));

describe('events of several workers', () => {
  it('are taken whole, once and in order of time, however they come', () => {
    fc.assert(
      fc.property(
        fc.array(worker, { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 1, max: 7 }),
        fc.integer({ min: 1, max: 9 }),
        (workers, max, readAhead) => {
          const left = workers.map((times) => [...times]);
          const taken: number[] = [];
          for (;;) {
            const sources = left.map((times) => ({
              waiting: times.slice(0, readAhead).map((timeMs) => ({ timeMs })),
              exhausted: times.length <= readAhead,
            }));
            const counts = takeOldest(sources, 100, max);
            const batch = counts.flatMap((count, index) => left[index]?.splice(0, count) ?? []);
            if (batch.length === 0) break;
            assert.ok(batch.length <= max);
            taken.push(...batch.toSorted((one, other) => one - other));
          }
          assert.deepEqual(
            taken,
            workers.flat().toSorted((one, other) => one - other),
          );
        },
      ),
    );
  });

  it('wait while an older one may still come', () => {
    const waiting = [{ timeMs: 5 }, { timeMs: 9 }];
    const others = { waiting: [{ timeMs: 6 }], exhausted: false };
    assert.deepEqual(takeOldest([{ waiting, exhausted: true }, others], 100, 9), [1, 1]);
    assert.deepEqual(takeOldest([{ waiting, exhausted: true }], 8, 9), [1]);
    const unread = { waiting: [], exhausted: false };
    assert.deepEqual(takeOldest([{ waiting, exhausted: true }, unread], 100, 9), [0, 0]);
  });
});
