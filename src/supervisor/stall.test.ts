import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { type Pulse, StallWatch } from './stall.ts';

const STALL_MS = 1000;
const PERIOD_MS = 250;

function pulse(ageMs: number, overrides: Partial<Pulse> = {}): Pulse {
  return { index: 0, ageMs, readyForMs: 60_000, ...overrides };
}

/** Checks every `PERIOD_MS`, once for each list of pulses. */
function checked(...rounds: Pulse[][]): number[][] {
  const watch = new StallWatch(STALL_MS, PERIOD_MS);
  return rounds.map((pulses, round) => watch.check(round * PERIOD_MS, pulses));
}

describe('stall watch', () => {
  it('names a worker that is silent at two checks in a row', () => {
    assert.deepEqual(checked([pulse(1100)], [pulse(1350)]), [[], [0]]);
  });

  it('spares a worker whose loop came back in between', () => {
    assert.deepEqual(checked([pulse(1100)], [pulse(50)], [pulse(1100)]), [[], [], []]);
  });

  it('tells workers apart', () => {
    const other = pulse(10, { index: 1 });
    assert.deepEqual(checked([pulse(2000), other], [pulse(2250), other]), [[], [0]]);
  });

  it("does not hold a predecessor's heartbeat against a replacement", () => {
    const fresh = pulse(60_000, { readyForMs: 100 });
    assert.deepEqual(checked([fresh], [fresh]), [[], []]);
  });

  it('counts from readiness when no heartbeat was ever written', () => {
    const never = pulse(Number.NaN, { readyForMs: 2000 });
    assert.deepEqual(checked([never], [never]), [[], [0]]);
  });

  it('decides nothing when the main process itself was stopped', () => {
    const watch = new StallWatch(STALL_MS, PERIOD_MS);
    watch.check(0, [pulse(1100)]);
    assert.deepEqual(watch.check(600_000, [pulse(599_000)]), []);
    assert.deepEqual(watch.check(600_250, [pulse(599_250)]), []);
    assert.deepEqual(watch.check(600_500, [pulse(599_500)]), [0]);
  });
});
