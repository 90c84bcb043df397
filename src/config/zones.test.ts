/** Changes of clocks against the IANA database's, and against Intl at any moment. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import fc from 'fast-check';

import { type Change, changesOf } from './zones.ts';

const NOW_MS = Date.UTC(2026, 10, 21);
const MINUTE_MS = 60_000;

/** Minutes east of UTC at a moment, as native code takes it from the changes. */
function offsetAt(changes: readonly Change[], minute: number): number {
  return (changes.findLast(([at]) => at <= minute) ?? changes[0])?.[1] ?? Number.NaN;
}

/** The clock's hour and minute, as Intl has them. */
function shown(timeZone: string, ms: number): string {
  return new Date(ms).toLocaleTimeString('en-GB', {
    timeZone,
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
}

describe('changes of clocks', () => {
  it('are Berlin’s, to the minute', () => {
    const changes = changesOf('Europe/Berlin', NOW_MS).slice(1, 4);
    const expected: Change[] = [
      [Date.UTC(2026, 9, 25, 1) / MINUTE_MS, 60],
      [Date.UTC(2027, 2, 28, 1) / MINUTE_MS, 120],
      [Date.UTC(2027, 9, 31, 1) / MINUTE_MS, 60],
    ];
    assert.deepEqual(changes, expected);
  });

  it('are none where clocks stay as they are', () => {
    assert.deepEqual(
      changesOf('Asia/Kolkata', NOW_MS).map(([, offset]) => offset),
      [330],
    );
  });

  it('begin before the month of now, and ascend', () => {
    const changes = changesOf('America/New_York', NOW_MS);
    assert.ok((changes[0]?.[0] ?? 0) < Date.UTC(2026, 9, 1) / MINUTE_MS);
    assert.ok(changes.every(([at], index) => index === 0 || at > (changes[index - 1]?.[0] ?? 0)));
  });

  const ZONES = [
    'Europe/Berlin',
    'America/Santiago',
    'Africa/Casablanca',
    'Australia/Lord_Howe',
    'Pacific/Apia',
    'Asia/Kathmandu',
  ];
  for (const timeZone of ZONES) {
    it(`show what clocks in ${timeZone} show at any moment of ten years`, () => {
      const changes = changesOf(timeZone, NOW_MS);
      fc.assert(
        fc.property(fc.integer({ min: -60 * 1440, max: 10 * 365 * 1440 }), (after) => {
          const minute = NOW_MS / MINUTE_MS + after;
          const local = new Date((minute + offsetAt(changes, minute)) * MINUTE_MS);
          assert.equal(local.toISOString().slice(11, 16), shown(timeZone, minute * MINUTE_MS));
        }),
      );
    });
  }
});
