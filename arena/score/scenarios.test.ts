import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { LoadResult } from '../load/driver.ts';
import { seeded } from '../statistics/random.ts';
import { fixtureHistogram } from '../report/fixture-measure.ts';
import { decodeHistogram } from '../load/histogram.ts';

import { L0_SCENARIOS, l0Figures, l0Kept, l0Loads } from './scenarios.ts';

const EXPECT = { status: 200, bodyBytes: 138 };
const LOADS = l0Loads({
  host: '127.0.0.1',
  port: 1,
  requests: [{ method: 'GET', path: '/api/bytes/138', headers: {}, bodyBytes: 0 }],
  expect: EXPECT,
  seed: 3,
});

const part = (changed: Partial<LoadResult>): LoadResult => ({
  requests: 100,
  answered: 100,
  elapsedMs: 1000,
  statuses: { 200: 100 },
  errors: {},
  latency: fixtureHistogram(200, 100, seeded(1)),
  lag: null,
  cpuUs: 1,
  ...changed,
});

describe('the scenarios of the L0 score', () => {
  it('are the original seven, in their order', () => {
    assert.deepEqual(
      LOADS.map(({ scenario }) => scenario),
      [...L0_SCENARIOS],
    );
  });

  it('offer bursts and the ramp in an open loop', () => {
    for (const { scenario, parts } of LOADS.filter((load) => /burst|ramp/.test(load.scenario))) {
      for (const { mode, ratePerS } of parts) {
        assert.equal(mode, 'open', scenario);
        assert.ok((ratePerS ?? 0) > 0);
      }
    }
  });

  it('take quantiles of at least 1 000 requests, but for health and the lightest burst', () => {
    for (const { scenario, parts } of LOADS) {
      if (scenario === 'health') continue;
      const due = parts.reduce(
        (sum, one) => sum + (one.requestsMax ?? ((one.ratePerS ?? 0) * one.measureMs) / 1000),
        0,
      );
      assert.ok(due >= 1000, `${scenario}: ${due}`);
    }
  });

  it('keep what was due, what was right, and latencies merged by counts', () => {
    const kept = l0Kept(
      new Map([
        ['ramp_up', [part({}), part({ statuses: { 200: 90, 503: 10 }, errors: { body: 5 } })]],
      ]),
      { expect: EXPECT, share: 1 },
    );
    assert.equal(kept.figures[l0Figures.due('ramp_up')], 200);
    assert.equal(kept.figures[l0Figures.right('ramp_up')], 185);
    assert.equal(decodeHistogram(kept.histograms['ramp_up'] ?? '').totalCount, 200);
  });
});
