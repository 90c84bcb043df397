import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';

import { historyOf } from './history.ts';
import type { DatedRun } from './retention.ts';

const HALF_HOUR_MS = 1_800_000;
const BEGIN_MS = Date.parse('2026-08-01T00:00:00Z');

/** A run every half hour, named by its place. */
function runsOf(count: number): DatedRun[] {
  return Array.from({ length: count }, (_, index) => ({
    name: `run-${index}`,
    atMs: BEGIN_MS + index * HALF_HOUR_MS,
  }));
}

it('is all earlier runs, oldest first, while there are few', () => {
  const runs = runsOf(5).toReversed();
  assert.deepEqual(historyOf(runs, 'run-3'), ['run-0', 'run-1', 'run-2']);
  assert.deepEqual(historyOf(runs, 'run-0'), []);
  assert.deepEqual(historyOf(runs, 'another'), []);
});

it('is two days of runs, and the first of each day before', () => {
  const history = historyOf(runsOf(48 * 10 + 1), 'run-480');
  assert.deepEqual(
    history.slice(0, -96),
    [0, 1, 2, 3, 4, 5, 6, 7].map((day) => `run-${day * 48}`),
  );
  assert.deepEqual(
    history.slice(-96),
    Array.from({ length: 96 }, (_, index) => `run-${384 + index}`),
  );
});

it('never has more than 400 runs, nor one twice, nor one of the future', () => {
  const dated = fc
    .array(fc.integer({ min: 0, max: 500 * 48 }), { maxLength: 600 })
    .map((steps) => steps.map((step, index) => ({ name: `${index}`, atMs: step * HALF_HOUR_MS })));
  fc.assert(
    fc.property(dated, fc.nat(), (runs, pick) => {
      const own = runs[pick % Math.max(1, runs.length)];
      const history = historyOf(runs, own?.name ?? '');
      assert.ok(history.length <= 400);
      assert.equal(new Set(history).size, history.length);
      const times = history.map((name) => runs[Number(name)]?.atMs ?? Number.NaN);
      assert.ok(times.every((atMs, index) => atMs >= (times[index - 1] ?? 0)));
      assert.ok(times.every((atMs) => atMs < (own?.atMs ?? 0)));
    }),
    { numRuns: 200 },
  );
});
