/**
 * Byte-level cases of our own, of the same kinds as `vectors/http1.json`.
 *
 * A case that the front decides alone, and decides otherwise, is in `MISSES` with what happens
 * instead; whatever happens, nothing hidden reaches the upstream.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { Lane } from './lane.ts';
import { MORE } from './more.cases.ts';
import { type Result, runAll } from './run.ts';

const LANES = 4;

/** Cases that uWebSockets.js decides alone, each with what it does. */
const MISSES: Readonly<Record<string, string>> = {
  'cl-nbsp': 'a byte above 0x7f is lost: read as the digit before it',
  'te-8bit': 'a byte above 0x7f is lost: read as chunked, by the front and by us',
  'cl-nul': 'no answer',
  'field-nul': 'no answer',
  'field-control': 'no answer',
  'field-no-colon': 'no answer',
  'field-space-in-name': 'no answer',
  'field-8bit-name': 'no answer',
  'target-no-slash': '505',
  'query-control': '505',
};

describe('more of HTTP/1.1 on the wire', () => {
  const lanes: Lane[] = [];
  let results: readonly Result[] = [];

  before(async () => {
    for (let count = 0; count < LANES; count++) lanes.push(await Lane.start());
    results = await runAll(lanes, MORE);
  });
  after(async () => {
    await Promise.all(lanes.map((lane) => lane.stop()));
  });

  for (const [index, { name, why }] of MORE.entries()) {
    it(`${name}: ${why}`, () => {
      const { vector, miss, breach } = results[index] ?? assert.fail('the case did not run');
      assert.equal(breach, null);
      if (name in MISSES) assert.notEqual(miss, null, 'passes now: take it off the list');
      else assert.equal(miss, null, `expected ${vector.expect}`);
    });
  }
});
