/**
 * The short form of `make fuzz-wire`, over both fronts: the same cases every time, and as many
 * that were never tried before. A failure prints how to run its case again.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import type { Front } from '../../support/gateway.ts';
import { Run } from './run.ts';
import { closingLine, story } from './story.ts';

const CASES = 2000;
const CONNECTIONS = 64;
const FIXED_SEED = 20_250_101;
/** Of a hundred cases, so many have to reach the upstream: a test that is refused tests nothing. */
const FORWARDED_MIN = 40;

function describeFront(front: Front): void {
  describe(`random requests through the ${front} front`, () => {
    let run: Run;
    before(async () => {
      run = await Run.start(front);
    });
    after(async () => {
      await run.stop();
    });

    for (const seed of [FIXED_SEED, Date.now() % 1_000_000_000]) {
      it(`mean upstream what they mean to two other readers, seed ${seed}`, async (t) => {
        const plan = { front, seed, from: 0, cases: CASES, connections: CONNECTIONS };
        const report = await run.all(plan);
        t.diagnostic(closingLine(plan, report, await run.panics()));
        assert.deepEqual(await story(run, plan, report), []);
        assert.equal(report.cases, CASES);
        assert.equal(report.arrivals, report.served + report.cutByClient + report.cutByGateway);
        assert.ok(report.forwarded * 100 > CASES * FORWARDED_MIN, 'too few were forwarded');
      });
    }

    it('have not made the gateway panic', async () => {
      assert.equal(await run.panics(), 0);
    });
  });
}

for (const front of ['native', 'uws'] as const) describeFront(front);
