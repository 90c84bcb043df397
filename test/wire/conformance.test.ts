/**
 * All byte-level cases of `vectors/http1.json` against the real gateway, each way its bytes can
 * come: to the native front, first on a connection of a uWebSockets.js listener, and behind a
 * request that uWebSockets.js has served there.
 *
 * Where native code reads, no case may miss. What uWebSockets.js reads otherwise must be in
 * `known-misses.json`, with its consequence, and on the page `docs/wire-conformance.md`; one that
 * is listed and passes is taken off the list. No request line with `/smuggled` may ever reach the
 * upstream, listed or not.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';

import { PROJECT } from '../support/gateway.ts';
import { LATER, type Result, runAll, STRICT_WAYS, type Way } from './run.ts';
import { readVectors } from './vectors.ts';

interface KnownMiss {
  readonly name: string;
  readonly consequence: string;
}

function read(path: string): string {
  return readFileSync(join(PROJECT, path), 'utf8');
}

describe('HTTP/1.1 on the wire', () => {
  const vectors = readVectors();
  const listed = new Map(
    (JSON.parse(read('test/wire/known-misses.json')) as readonly KnownMiss[]).map((miss) => [
      miss.name,
      miss.consequence,
    ]),
  );
  let results: ReadonlyMap<Way, readonly Result[]>;
  const resultsOf = (way: Way): readonly Result[] => results.get(way) ?? assert.fail('did not run');

  before(async () => {
    results = await runAll(vectors);
  });

  for (const way of [...STRICT_WAYS, LATER]) {
    it(`${way.name}: lets nothing hidden or malformed through, nor an answer to another`, () => {
      const breaches = resultsOf(way).flatMap(({ vector, breach }) =>
        breach === null ? [] : `${vector.name}: ${breach}`,
      );
      assert.deepEqual(breaches, []);
    });
  }

  for (const way of STRICT_WAYS) {
    it(`${way.name}: answers all ${vectors.length} cases as expected`, () => {
      assert.deepEqual(missesOf(resultsOf(way)), []);
      assert.equal(resultsOf(way).length, vectors.length);
    });
  }

  it(`${LATER.name}: answers as expected, or misses only as listed`, () => {
    const later = resultsOf(LATER);
    const unlisted = later.filter(({ vector }) => !listed.has(vector.name));
    assert.deepEqual(missesOf(unlisted), []);
  });

  it('lists no case that passes, and none that there is not', () => {
    const missing = resultsOf(LATER).filter(({ miss }) => miss !== null);
    const names = new Set(missing.map(({ vector }) => vector.name));
    assert.deepEqual(
      [...listed.keys()].filter((name) => !names.has(name)),
      [],
    );
  });

  it('documents every listed miss with the same words', () => {
    const page = read('docs/wire-conformance.md');
    const missing = [...listed].filter(
      ([name, consequence]) => !page.includes(`\`${name}\``) || !page.includes(consequence),
    );
    assert.deepEqual(missing, []);
  });

  it('documents how many cases come out as expected, each way', () => {
    const page = read('docs/wire-conformance.md');
    for (const way of [...STRICT_WAYS, LATER]) {
      const all = resultsOf(way);
      const count = `${all.length - missesOf(all).length} of ${all.length}`;
      console.log(`wire conformance, ${way.name}: ${count}`);
      assert.ok(page.includes(`\n| ${way.name} | ${count} |`), `${way.name}: ${count}`);
    }
  });
});

function missesOf(results: readonly Result[]): string[] {
  return results.flatMap(({ vector, miss }) =>
    miss === null ? [] : `${vector.name}: expected ${vector.expect}, got ${miss}`,
  );
}
