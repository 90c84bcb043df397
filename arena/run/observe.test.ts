import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { observe } from './observe.ts';

describe('what is observed', () => {
  const self = { pid: process.pid, alive: () => true, output: () => '' };

  it('is unknown, and no zero, where the process can not be seen', async () => {
    const seen = await observe({ ...self, pid: null }, async () => 5);
    const { result, cpuUs, coresUsed, memoryPeakBytes } = seen;
    assert.deepEqual([result, cpuUs, coresUsed, memoryPeakBytes], [5, null, null, null]);
    assert.deepEqual(seen.void, []);
  });

  it('does not hide what failed', async () => {
    const failing = observe(self, async () => {
      throw new Error('no');
    });
    await assert.rejects(failing, /no/);
  });
});
