import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';

import type { MeteringEvent } from './event-schema.ts';
import { Ranges, Usage } from './usage.ts';

const ALWAYS = { sinceMs: Number.NEGATIVE_INFINITY, untilMs: Number.POSITIVE_INFINITY };

function event(
  sequence: number,
  time: string,
  data: Partial<MeteringEvent['data']>,
): MeteringEvent {
  return {
    specversion: '1.0',
    type: 'stoa.metering.request.v1',
    source: 'urn:stoa:worker:aa',
    id: `aa-${sequence}`,
    time,
    datacontenttype: 'application/json',
    data: {
      worker: 0,
      decision: 'forwarded',
      status: 200,
      bytesIn: 1,
      bytesOut: 2,
      durationUs: 3,
      ...data,
    },
  };
}

describe('usage', () => {
  it('is summed by what is asked for, each event once', () => {
    const usage = new Usage({ by: ['tenant'], period: 'day', ...ALWAYS });
    usage.add(event(0, '2026-11-21T10:00:00.000Z', { tenant: 'acme', upstreamUs: 5 }));
    usage.add(
      event(1, '2026-11-21T23:59:59.999Z', { tenant: 'acme', status: 502, decision: 'failed' }),
    );
    usage.add(event(1, '2026-11-21T23:59:59.999Z', { tenant: 'acme' }));
    usage.add(
      event(2, '2026-11-22T00:00:00.000Z', { tenant: 'acme', decision: 'refused', status: 401 }),
    );
    usage.add(event(3, '2026-11-21T00:00:00.000Z', {}));
    const rows = usage
      .sums()
      .map(({ group, from, requests, refused, failed, bytesOut, upstreamUs }) => [
        from,
        group['tenant'],
        requests,
        refused,
        failed,
        bytesOut,
        upstreamUs,
      ]);
    assert.deepEqual(
      new Set(rows.map((row) => row.join(' '))),
      new Set(['2026-11-21 acme 2 0 1 4 5', '2026-11-21  1 0 0 2 0', '2026-11-22 acme 1 1 0 2 0']),
    );
  });

  it('begins at one time and ends before another', () => {
    const sinceMs = Date.parse('2026-11-01');
    const untilMs = Date.parse('2026-12-01');
    const usage = new Usage({ by: [], period: 'all', sinceMs, untilMs });
    for (const [index, time] of [
      '2026-10-31T23:59:59.999Z',
      '2026-11-01T00:00:00.000Z',
      '2026-12-01T00:00:00.000Z',
    ].entries()) {
      usage.add(event(index, time, {}));
    }
    assert.deepEqual(
      usage.sums().map(({ requests }) => requests),
      [1],
    );
  });
});

describe('ranges', () => {
  it('are a set', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 40 })), (numbers) => {
        const ranges = new Ranges();
        const seen = new Set<number>();
        for (const number of numbers) {
          assert.equal(ranges.add(number), !seen.has(number));
          seen.add(number);
        }
      }),
    );
  });
});
