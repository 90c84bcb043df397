/**
 * All byte-level cases of `vectors/http1.json` against the real gateway.
 *
 * A case that misses must be in `known-misses.json`, with its consequence, and on the page
 * `docs/wire-conformance.md`; one that is listed and passes is taken off the list. No request
 * line with `/smuggled` may ever reach the upstream, listed or not.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

import { PROJECT } from '../support/gateway.ts';
import { Lane } from './lane.ts';
import { type Result, runAll } from './run.ts';
import { readVectors } from './vectors.ts';

const LANES = 4;

interface KnownMiss {
  readonly name: string;
  readonly consequence: string;
}

describe('HTTP/1.1 on the wire', () => {
  const lanes: Lane[] = [];
  let results: readonly Result[] = [];
  const listed = new Map(
    (
      JSON.parse(
        readFileSync(join(PROJECT, 'test/wire/known-misses.json'), 'utf8'),
      ) as readonly KnownMiss[]
    ).map((miss) => [miss.name, miss.consequence]),
  );

  before(async () => {
    for (let count = 0; count < LANES; count++) lanes.push(await Lane.start());
    results = await runAll(lanes, readVectors());
  });
  after(async () => {
    await Promise.all(lanes.map((lane) => lane.stop()));
  });

  it('answers as expected, or misses only as listed', (t) => {
    const passed = results.filter(({ miss }) => miss === null).length;
    t.diagnostic(`wire conformance: ${passed} of ${results.length}`);
    console.log(`wire conformance: ${passed} of ${results.length}`);
    const unlisted = results.filter(
      ({ vector, miss }) => miss !== null && !listed.has(vector.name),
    );
    const lines = unlisted.map(
      ({ vector, miss }) => `${vector.name}: expected ${vector.expect}, got ${miss}`,
    );
    assert.equal(lines.length, 0, lines.join('\n'));
  });

  it('lists no case that passes', () => {
    const passing = results.filter(({ vector, miss }) => miss === null && listed.has(vector.name));
    assert.deepEqual(
      passing.map(({ vector }) => vector.name),
      [],
    );
  });

  it('never lets a hidden request through, nor a malformed one, nor an answer to another', () => {
    assert.deepEqual(
      results.flatMap(({ vector, breach }) => (breach === null ? [] : `${vector.name}: ${breach}`)),
      [],
    );
  });

  it('misses no upstream-side case', () => {
    const missed = results.filter(
      ({ vector, miss }) => vector.side === 'upstream' && miss !== null,
    );
    assert.deepEqual(
      missed.map(({ vector, miss }) => `${vector.name}: ${miss}`),
      [],
    );
  });

  it('documents every listed miss with the same words', () => {
    const page = readFileSync(join(PROJECT, 'docs/wire-conformance.md'), 'utf8');
    const missing = [...listed].filter(
      ([name, consequence]) => !page.includes(`\`${name}\``) || !page.includes(consequence),
    );
    assert.deepEqual(missing, []);
  });
});
