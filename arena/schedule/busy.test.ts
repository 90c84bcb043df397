import assert from 'node:assert/strict';
import { it } from 'node:test';

import { coresBusy, cpuTimeOf, measureCoresBusy } from './busy.ts';

function stat(all: string): string {
  return `cpu  ${all}\ncpu0 1 2 3 4\ncpu1 1 2 3 4\nintr 5\n`;
}

function between(before: string, after: string): number {
  return coresBusy(cpuTimeOf(stat(before))!, cpuTimeOf(stat(after))!);
}

it('is 0 cores when all was idle or waiting for a disk', () => {
  assert.equal(between('100 0 50 1000 10 0 0 0 0 0', '100 0 50 1500 110 0 0 0 0 0'), 0);
});

it('counts user, nice, system, interrupts and stolen time, in cores', () => {
  assert.equal(between('0 0 0 0 0 0 0 0 0 0', '50 50 50 300 0 50 50 50 0 0'), 1);
  assert.equal(between('0 0 0 0 0 0 0 0 0 0', '600 0 0 0 0 0 0 0 0 0'), 2);
});

it('does not count guests twice', () => {
  assert.equal(between('0 0 0 0 0 0 0 0 0 0', '300 0 0 300 0 0 0 0 300 0'), 1);
});

it('is 0 when no time has passed, or it went backwards', () => {
  assert.equal(between('9 9 9 9 9 9 9 9', '9 9 9 9 9 9 9 9'), 0);
  assert.equal(between('9 0 0 900 0 0 0 0', '5 0 0 990 0 0 0 0'), 0);
});

for (const text of ['', 'cpu0 1 2 3 4\n', 'cpu  1 2 three 4 5\n']) {
  it(`refuses ${JSON.stringify(text)}`, () => assert.equal(cpuTimeOf(text), null));
}

it('looks at this machine', async () => {
  const clock = { now: () => new Date(), sleep: async () => {} };
  const cores = await measureCoresBusy(clock, new AbortController().signal);
  assert.ok(cores >= 0 && Number.isFinite(cores));
});
