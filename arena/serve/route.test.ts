import assert from 'node:assert/strict';
import { join, normalize } from 'node:path';
import { it } from 'node:test';
import fc from 'fast-check';

import { RESULTS_FILE, runFolder } from '../schedule/layout.ts';
import { routeOf } from './route.ts';

// biome-ignore format: a table is read by column.
const ROUTES = [
  ['/',                                { page: 'latest' }],
  ['/?a=b',                            { page: 'latest' }],
  ['/runs',                            { page: 'runs' }],
  ['/history',                         { page: 'history' }],
  ['/metrics',                         { page: 'metrics' }],
  ['/status',                          { page: 'status' }],
  ['/health/live',                     { page: 'live' }],
  ['/runs/20261121t204000.000z/',          { page: 'report', run: '20261121t204000.000z' }],
  ['/runs/a..b/results.jsonl',         { page: 'results', run: 'a..b' }],
  ['/runs/20261121t204000.000z',           { page: 'run-without-slash', run: '20261121t204000.000z' }],
  ['/runs/../status.json',             null],
  ['/runs/..',                         null],
  ['/runs/../',                        null],
  ['/runs/./results.jsonl',            null],
  ['/runs/%2e%2e/results.jsonl',       null],
  ['/runs/a%2fb/results.jsonl',        null],
  ['/runs/a/../../results.jsonl',      null],
  ['/runs/a/run.log',                  null],
  ['/runs/.lock/results.jsonl',        null],
  ['/runs/A/',                         null],
  ['//runs/a/',                        null],
  ['http://host/runs',                 null],
  ['*',                                null],
  ['',                                 null],
  [`/runs?${'a'.repeat(300)}`,         null],
] as const;

for (const [target, route] of ROUTES) {
  it(`${target.slice(0, 40)} is ${route === null ? 'no page' : route.page}`, () => {
    assert.deepEqual(routeOf(target), route);
  });
}

it('whatever is asked for, a path stays in a folder of its own below the runs', () => {
  const piece = fc.oneof(
    fc.constantFrom('..', '.', '/', '//', '%2e', '%2f', '\\', '\0', 'runs', 'a', '-', '~', '%00'),
    fc.string({ maxLength: 8 }),
    fc.string({ maxLength: 4, unit: 'binary' }),
  );
  const target = fc
    .tuple(fc.array(piece, { maxLength: 8 }), fc.constantFrom('', '/', '/results.jsonl'))
    .map(([pieces, end]) => `/runs/${pieces.join('')}${end}`);
  fc.assert(
    fc.property(target, (text) => {
      const route = routeOf(text);
      if (route === null || !('run' in route)) return;
      const file = join(runFolder('/data', route.run), RESULTS_FILE);
      assert.match(normalize(file), /^\/data\/runs\/[a-z0-9][^/]*\/results\.jsonl$/);
    }),
    { numRuns: 1500 },
  );
});
