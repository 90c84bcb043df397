/**
 * Byte-level cases of our own, of the same kinds as `vectors/http1.json`, each way.
 *
 * A case that uWebSockets.js reads alone, and reads otherwise, is in `MISSES` with what happens
 * instead; whatever happens, nothing hidden reaches the upstream.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';

import { MORE } from './more.cases.ts';
import { LATER, type Result, runAll, STRICT_WAYS, type Way } from './run.ts';

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
  let results: ReadonlyMap<Way, readonly Result[]>;

  before(async () => {
    results = await runAll(MORE);
  });

  for (const way of [...STRICT_WAYS, LATER]) {
    for (const { name, side, why, expect } of MORE) {
      if (way.later && side === 'upstream') continue;
      it(`${way.name}: ${name}: ${why}`, () => {
        const found = results.get(way)?.find(({ vector }) => vector.name === name);
        const { miss, breach } = found ?? assert.fail('the case did not run');
        assert.equal(breach, null);
        if (way.later && name in MISSES) {
          assert.notEqual(miss, null, 'passes now: take it off the list');
        } else {
          assert.equal(miss, null, `expected ${expect}`);
        }
      });
    }
  }
});
