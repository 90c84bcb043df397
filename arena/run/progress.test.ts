import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { durationText, makeProgress, secondsLeft } from './progress.ts';

describe('time left', () => {
  it('is the estimate at first, then the rest at the pace so far', () => {
    assert.equal(secondsLeft(0, 0, 100), 100);
    assert.equal(secondsLeft(20, 10, 100), 180);
    assert.equal(secondsLeft(50, 100, 100), 0);
    assert.equal(secondsLeft(50, 120, 100), 0);
  });

  it('is told in words', () => {
    assert.deepEqual([45, 119, 600, 12_000].map(durationText), [
      '45 s',
      '119 s',
      '10 min',
      '3 h 20 min',
    ]);
  });
});

function told(live: boolean): string {
  let text = '';
  let ms = 0;
  const sink = { write: (more: string) => void (text += more), live };
  const progress = makeProgress(sink, 10, { nowMs: () => ms });
  progress.now('nginx');
  ms = 10_000;
  progress.advance(5);
  progress.note('caddy does not start');
  progress.end();
  return text;
}

describe('progress', () => {
  it('is a line for each thing in a log, without control characters', () => {
    assert.equal(told(false), 'nginx · 10 s left\ncaddy does not start\n');
  });

  it('is one live line on a terminal, which notes push up', () => {
    const clear = '\r\u001B[K';
    assert.equal(
      told(true),
      `${clear}nginx · 10 s left${clear}nginx · 10 s left${clear}caddy does not start\n${clear}nginx · 10 s left${clear}`,
    );
  });
});
