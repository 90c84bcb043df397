/** What keeps a block from counting. @module */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { LoadResult } from '../../../arena/load/driver.ts';
import { unexpectedOf } from './block.ts';
import { machineTime, machineUse } from './processor.ts';

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
  const before = { totalTicks: 1000, stolenTicks: 10, busyTicks: 500 };

  it('is foreign where it was not who is measured', () => {
    // Two cores for a second; on one of them 90 ticks of work, 30 of them measured.
    const after = { totalTicks: 1200, stolenTicks: 10, busyTicks: 590 };
    const used = { ranUs: 300e3, elapsedMs: 1000 };
    assert.deepEqual(machineUse(before, after, used), { stolenShare: 0, foreignCores: 0.6 });
  });

  it('is never less than nothing, however coarse the ticks', () => {
    const after = { totalTicks: 1200, stolenTicks: 20, busyTicks: 590 };
    const used = { ranUs: 930e3, elapsedMs: 1000 };
    assert.deepEqual(machineUse(before, after, used), { stolenShare: 0.05, foreignCores: 0 });
    const nothing = { ranUs: 0, elapsedMs: 0 };
    assert.deepEqual(machineUse(before, before, nothing), { stolenShare: 0, foreignCores: 0 });
  });

  it('is read of the one processor, without interrupts, and of all for what the host took', () => {
    const stat = [
      'cpu  8 2 10 70 5 2 3 100 0 0',
      'cpu0 5 1 4 30 5 1 2 52 0 0',
      'cpu1 3 1 6 40 0 1 1 48',
    ];
    const text = `${stat.join('\n')}\nintr 1\n`;
    const whole = { totalTicks: 200, stolenTicks: 100 };
    assert.deepEqual(machineTime('0', text), { ...whole, busyTicks: 10 });
    assert.deepEqual(machineTime('1', text), { ...whole, busyTicks: 10 });
    assert.deepEqual(machineTime('10', text), { ...whole, busyTicks: 0 });
  });

  it('is read from the kernel: what is busy is a part of the whole', () => {
    const { totalTicks, busyTicks } = machineTime('0');
    assert.ok(totalTicks >= busyTicks && busyTicks > 0);
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
