import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';

import { ReplayStore } from './replay-store.ts';

const KEPT_MS = 100;

describe('a store of what was seen', () => {
  it('never takes one twice within the time', () => {
    const steps = fc.array(
      fc.tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 120 })),
      {
        maxLength: 200,
      },
    );
    fc.assert(
      fc.property(steps, (calls) => {
        const store = new ReplayStore({ keptMs: KEPT_MS, entriesMax: 1000 });
        const takenAt = new Map<string, number>();
        let nowMs = 0;
        for (const [id, stepMs] of calls) {
          nowMs += stepMs;
          if (store.add(String(id), nowMs) !== 'new') continue;
          const beforeMs = takenAt.get(String(id));
          assert.ok(beforeMs === undefined || nowMs - beforeMs >= KEPT_MS, `${id} at ${nowMs}`);
          takenAt.set(String(id), nowMs);
        }
      }),
    );
  });

  it('takes everything again after twice the time', () => {
    const store = new ReplayStore({ keptMs: KEPT_MS, entriesMax: 2 });
    assert.deepEqual(
      [store.add('a', 0), store.add('a', 99), store.add('a', 200)],
      ['new', 'seen', 'new'],
    );
  });

  it('forgets nothing while the clock goes back', () => {
    const store = new ReplayStore({ keptMs: KEPT_MS, entriesMax: 2 });
    assert.deepEqual([store.add('a', 50), store.add('a', -1000)], ['new', 'seen']);
  });

  it('forgets nothing when it is full', () => {
    const store = new ReplayStore({ keptMs: KEPT_MS, entriesMax: 2 });
    const found = ['a', 'b', 'c', 'a', 'b'].map((id) => store.add(id, 0));
    assert.deepEqual(found, ['new', 'new', 'full', 'seen', 'seen']);
    assert.equal(store.add('c', 200), 'new');
  });
});
