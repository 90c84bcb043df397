import assert from 'node:assert/strict';
import { it } from 'node:test';

import { Backoff } from './backoff.ts';

it('replaces the first young death at once and doubles up to 30 s from there', () => {
  const backoff = new Backoff();
  const delays = Array.from({ length: 11 }, () => backoff.next(5));
  assert.deepEqual(delays, [0, 250, 500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
});

it('forgets young deaths once a worker has served for ten seconds', () => {
  const backoff = new Backoff();
  for (let deaths = 0; deaths < 6; deaths += 1) backoff.next(9_999);
  assert.equal(backoff.next(10_000), 0);
  assert.equal(backoff.next(1), 0);
  assert.equal(backoff.next(1), 250);
});

it('stays finite however long the loop lasts', () => {
  const backoff = new Backoff();
  for (let deaths = 0; deaths < 5000; deaths += 1) backoff.next(0);
  assert.equal(backoff.next(0), 30_000);
});
