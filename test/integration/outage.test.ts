/**
 * The short form of the outage; `make test-outage` has the long one.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { kafkaMissing } from '../support/kafka.ts';
import { runOutage } from './outage.ts';
import { faultsOf, reckon } from './reckoning.ts';

const skip = kafkaMissing() ?? false;

describe('Kafka is away under load, and everything is killed meanwhile', { skip }, () => {
  for (const front of ['uws', 'native'] as const) {
    it(`no event is missing, and no request failed but for the kills, on the front ${front}`, async () => {
      const options = { outageMs: 12_000, perSecond: 200, shoulderMs: 3000, front };
      const report = await runOutage(options);
      assert.deepEqual(faultsOf(report), []);
      assert.ok(report.begun > 3000, 'there was load');
      assert.ok(report.answered > report.begun / 2, 'and answers');
    });
  }
});

describe('a reckoning', () => {
  const kills = [{ what: 'everything', fromMs: 100, untilMs: 200 }];
  const answered = new Set(['a', 'b']);

  it('finds what is missing, strange, altered, out of order, or there under two ids', () => {
    const messages = [
      message('1', 'a', '5'),
      message('2', 'a', '6'),
      message('1', 'a', '5', 'another text'),
      message('3', 'nobody', '4'),
    ];
    const found = reckon({ answered, failures: [], kills, messages });
    const { missing, strange, altered, outOfOrder, otherIds, duplicates } = found;
    assert.deepEqual(
      { missing, strange, altered, outOfOrder, otherIds, duplicates },
      {
        missing: ['b'],
        strange: ['nobody'],
        altered: ['1'],
        outOfOrder: ['3'],
        otherIds: ['a'],
        duplicates: 1,
      },
    );
  });

  it('blames a kill for what was under way, and for nothing else', () => {
    const failures = [
      { id: 'c', why: 'ECONNRESET', begunMs: 90, endedMs: 101 },
      { id: 'd', why: 'ECONNREFUSED', begunMs: 150, endedMs: 151 },
      { id: 'e', why: 'ECONNRESET', begunMs: 80, endedMs: 99 },
      { id: 'f', why: 'status 503', begunMs: 90, endedMs: 101 },
    ];
    const found = reckon({ answered: new Set(), failures, kills, messages: [message('1', 'c')] });
    assert.deepEqual(found.inFlightAtKill, { 'everything: ECONNRESET': 1 });
    assert.deepEqual(found.behindKill, { 'everything: ECONNREFUSED': 1 });
    assert.equal(found.failedWithEvent, 1);
    assert.deepEqual(
      found.unexplained.map(({ id }) => id),
      ['e', 'f'],
    );
  });
});

function message(id: string, requestId: string, time = '1', text = id): never {
  const event = { id, time, data: { requestId } };
  return { key: 'acme', text, event } as never;
}
