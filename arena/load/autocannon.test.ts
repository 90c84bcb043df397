import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { startLoadStage } from './choose.ts';
import type { LoadSpec, LoadStage } from './driver.ts';
import { decodeHistogram, quantileUs } from './histogram.ts';

const CORES = '0-1';

function to(path: string): Partial<LoadSpec> {
  return { requests: [{ method: 'POST', path, headers: {}, bodyBytes: 20 }], requestsMax: 8 };
}

describe('the portable driver', () => {
  let stage: LoadStage;
  before(async () => {
    stage = await startLoadStage({ driver: 'autocannon', cores: CORES });
  });
  after(() => stage.stop());

  function specOf(more: Partial<LoadSpec>): LoadSpec {
    return {
      ...stage.upstream,
      requests: [{ method: 'GET', path: '/bytes/10', headers: {}, bodyBytes: 0 }],
      connections: 4,
      mode: 'closed',
      warmUpMs: 0,
      measureMs: 10_000,
      timeoutMs: 2000,
      expect: { status: 200, bodyBytes: 10 },
      seed: 1,
      ...more,
    };
  }

  test('says who it is, and why', () => {
    assert.equal(stage.driver.name, 'autocannon');
    assert.match(stage.driver.version, /^\d+\.\d+\.\d+$/);
    assert.equal(stage.why, 'it was asked for');
    assert.equal(stage.driver.scenarios, undefined);
  });

  test('sends as many requests as it was told, and counts every answer', async () => {
    const result = await stage.driver.run(specOf({ requestsMax: 100 }), CORES);
    assert.deepEqual(
      [result.requests, result.answered, result.statuses, result.errors],
      [100, 100, { 200: 100 }, {}],
    );
    assert.equal(decodeHistogram(result.latency).totalCount, 100);
    assert.equal(result.lag, null);
    assert.ok(result.cpuUs > 0);
  });

  test('records microseconds, not whole milliseconds', async () => {
    const requests = [{ method: 'GET', path: '/delay/20', headers: {}, bodyBytes: 0 }];
    const expect = { status: 200, bodyBytes: 0 };
    const result = await stage.driver.run(specOf({ requests, expect, requestsMax: 20 }), CORES);
    const latency = decodeHistogram(result.latency);
    assert.ok((quantileUs(latency, 0) ?? 0) >= 19_000);
    const values = [0.1, 0.3, 0.5, 0.7, 0.9].map((at) => quantileUs(latency, at) ?? 0);
    assert.ok(
      values.some((us) => us % 1000 !== 0 && us % 1000 !== 999),
      values.join(' '),
    );
  });

  test('counts unexpected statuses, wrong lengths, and answers that never come', async () => {
    const none = await stage.driver.run(specOf(to('/none')), CORES);
    assert.deepEqual([none.statuses, none.errors], [{ 404: 8 }, {}]);
    const long = await stage.driver.run(specOf(to('/echo')), CORES);
    assert.deepEqual([long.statuses, long.errors], [{ 200: 8 }, { body: 8 }]);
    const late = specOf({ ...to('/delay/60000'), timeoutMs: 900, measureMs: 1900, warmUpMs: 1 });
    const { answered, errors } = await stage.driver.run(late, CORES);
    assert.equal(answered, 0);
    assert.ok((errors['timeout'] ?? 0) >= 4, JSON.stringify(errors));
  });

  test('spreads a rate over its connections', async () => {
    const result = await stage.driver.run(
      specOf({ mode: 'open', ratePerS: 100, measureMs: 900 }),
      CORES,
    );
    assert.ok(result.answered >= 50 && result.answered <= 110, `${result.answered}`);
  });

  test('refuses what it can’t do', async () => {
    await assert.rejects(stage.driver.run(specOf({ churn: true }), CORES), /churn.*native driver/);
    await assert.rejects(stage.driver.run(specOf({ mode: 'open' }), CORES), /ratePerS/);
  });
});
