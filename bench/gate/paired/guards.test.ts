/** What keeps a block from counting. @module */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { LoadResult } from '../../../arena/load/driver.ts';
import { unexpectedOf } from './block.ts';
import { machineTime, machineUse, treeTime } from './processor.ts';

const ALL_WELL: LoadResult = {
  requests: 100,
  answered: 100,
  elapsedMs: 1000,
  statuses: { 200: 100 },
  errors: {},
  latency: '',
  lag: null,
  cpuUs: 0,
};

describe('what a machine did', () => {
  const before = { totalTicks: 1000, stolenTicks: 10, busyTicks: 500, ownTicks: 300 };

  it('is foreign where it was not this run', () => {
    // Two cores for a second: 150 ticks of work, 90 of them ours.
    const after = { totalTicks: 1200, stolenTicks: 10, busyTicks: 650, ownTicks: 390 };
    assert.deepEqual(machineUse(before, after, 1000), { stolenShare: 0, foreignCores: 0.6 });
  });

  it('is never less than nothing, however coarse the ticks', () => {
    const after = { totalTicks: 1200, stolenTicks: 20, busyTicks: 590, ownTicks: 393 };
    assert.deepEqual(machineUse(before, after, 1000), { stolenShare: 0.05, foreignCores: 0 });
    assert.deepEqual(machineUse(before, before, 0), { stolenShare: 0, foreignCores: 0 });
  });

  it('is read from the kernel: this process has run, and is a part of what is busy', () => {
    const { ranNs, pids } = treeTime(process.pid);
    assert.ok(ranNs > 0);
    assert.equal(pids.split(',')[0], `${process.pid}`);
    const { totalTicks, busyTicks, ownTicks } = machineTime();
    assert.ok(totalTicks >= busyTicks && busyTicks >= ownTicks && ownTicks > 0);
  });
});

describe('unexpected answers', () => {
  it('are none when every request is answered as it should be', () => {
    assert.equal(unexpectedOf(ALL_WELL), 0);
  });

  it('are those of another status, those that failed, and those that never came', () => {
    assert.equal(unexpectedOf({ ...ALL_WELL, statuses: { 200: 97, 503: 3 } }), 3);
    assert.equal(unexpectedOf({ ...ALL_WELL, errors: { body: 2, reset: 1 } }), 3);
    assert.equal(unexpectedOf({ ...ALL_WELL, answered: 96 }), 4);
  });
});
