import assert from 'node:assert/strict';
import { it } from 'node:test';

import { cronProblem, nextTick } from './settings.ts';

it('falls due at the times of the expression, in UTC, after the given moment', () => {
  const after = new Date('2026-11-21T20:30:00Z');
  assert.equal(nextTick('*/30 * * * *', after)?.toISOString(), '2026-11-21T21:00:00.000Z');
  assert.equal(nextTick('15 3 * * 1', after)?.toISOString(), '2026-11-23T03:15:00.000Z');
  assert.equal(nextTick('@daily', after)?.toISOString(), '2026-11-22T00:00:00.000Z');
});

it('neither leaves out nor repeats an hour when clocks are changed', () => {
  const hours = [new Date('2026-10-24T23:10:00Z')];
  for (let i = 0; i < 4; i += 1) hours.push(nextTick('0 * * * *', hours.at(-1)!)!);
  assert.deepEqual(
    hours.slice(1).map((hour) => hour.getUTCHours()),
    [0, 1, 2, 3],
  );
});

for (const cron of ['*/30 * * * *', '0 4 * * 1-5', '@hourly', '0 0 29 2 *']) {
  it(`takes "${cron}"`, () => assert.equal(cronProblem(cron), null));
}

for (const cron of ['', '61 * * * *', 'often', '* * * * * *', '0 0 30 2 *', '*/30 * * *']) {
  it(`refuses "${cron}", and says what to do`, () => {
    assert.match(cronProblem(cron) ?? '', /choose a day|write five fields/);
  });
}
