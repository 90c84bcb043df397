/** A breaker that lets nobody wait for what does not answer. @module */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';

import { Breaker } from './breaker.ts';

const BOUNDS = { failuresMax: 3, pauseMinMs: 100, pauseMaxMs: 400 };

function opened(): Breaker {
  const breaker = new Breaker(BOUNDS);
  for (let count = 0; count < BOUNDS.failuresMax; count += 1) breaker.failed(0);
  return breaker;
}

describe('a breaker', () => {
  it('opens after so many failures in a row, and not before', () => {
    const breaker = new Breaker(BOUNDS);
    breaker.failed(0);
    breaker.failed(0);
    breaker.succeeded();
    breaker.failed(0);
    breaker.failed(0);
    assert.equal(breaker.admits(0), true);
    breaker.failed(0);
    assert.equal(breaker.admits(99), false);
  });

  it('lets one try after the pause, and closes when that goes well', () => {
    const breaker = opened();
    assert.deepEqual([breaker.admits(100), breaker.admits(100)], [true, false]);
    breaker.succeeded();
    assert.deepEqual([breaker.admits(100), breaker.admits(100)], [true, true]);
  });

  it('doubles the pause up to its maximum while the one fails', () => {
    const breaker = opened();
    let nowMs = 0;
    for (const pauseMs of [100, 200, 400, 400]) {
      assert.equal(breaker.admits(nowMs + pauseMs - 1), false);
      nowMs += pauseMs;
      assert.equal(breaker.admits(nowMs), true);
      breaker.failed(nowMs);
    }
  });

  it('does not prolong the pause for what was asked before it opened', () => {
    const breaker = opened();
    breaker.failed(99);
    assert.equal(breaker.admits(100), true);
  });
});

it('whatever happens, it admits again after the longest pause', () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { maxLength: 50 }), (outcomes) => {
      const breaker = new Breaker(BOUNDS);
      let nowMs = 0;
      for (const good of outcomes) {
        nowMs += BOUNDS.pauseMaxMs;
        assert.equal(breaker.admits(nowMs), true);
        if (good) breaker.succeeded();
        else breaker.failed(nowMs);
      }
    }),
  );
});
