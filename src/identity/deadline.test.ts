import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { Deadlines } from './deadline.ts';

function untilAborted(signal: AbortSignal): Promise<string> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve('aborted');
    signal.addEventListener('abort', () => resolve('aborted'));
  });
}

describe('work', () => {
  it('ends when its time is over', async () => {
    assert.equal(await new Deadlines().within(1, untilAborted), 'aborted');
  });

  it('ends when it is closed, also what comes later', async () => {
    const deadlines = new Deadlines();
    const waiting = deadlines.within(3_600_000, untilAborted);
    deadlines.close();
    assert.equal(await waiting, 'aborted');
    assert.equal(await deadlines.within(3_600_000, untilAborted), 'aborted');
  });

  it('that is done in time is left alone, and leaves no timer', async () => {
    const signal = await new Deadlines().within(3_600_000, (given) => Promise.resolve(given));
    assert.equal(signal.aborted, false);
  });
});
