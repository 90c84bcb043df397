import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { type CpuReading, cpuUsBetween, readCpu } from './cpu.ts';

function reading(ticksUs: number, ...threads: (readonly [number, number])[]): CpuReading {
  return { ticksUs, waitedNs: 0, pids: '1', threads: new Map(threads) };
}

describe('CPU time between two readings', () => {
  it('is that of all threads, those that began in between included', () => {
    const before = reading(10_000, [1, 5_000_000]);
    const after = reading(20_000, [1, 6_000_000], [2, 500_000]);
    assert.equal(cpuUsBetween(before, after), 1500);
  });

  it('is counted in ticks where a thread has ended, or the kernel counts no threads', () => {
    const gone = cpuUsBetween(reading(10_000, [1, 5], [2, 5]), reading(30_000, [1, 9]));
    assert.equal(gone, 20_000);
    assert.equal(cpuUsBetween(reading(0), reading(40_000)), 40_000);
  });

  it('names who was counted, the root first', () => {
    const { ticksUs, pids } = readCpu(process.pid);
    assert.ok(ticksUs > 0);
    assert.equal(pids.split(',')[0], `${process.pid}`);
  });

  it('of a real process is not less when it has worked', () => {
    const before = readCpu(process.pid);
    let sum = 0;
    for (let count = 0; count < 3e7; count += 1) sum += Math.sqrt(count);
    assert.ok(sum > 0);
    assert.ok(cpuUsBetween(before, readCpu(process.pid)) > 0);
  });
});
