import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';

import { type Observation, scoreOf } from './l0.ts';
import { L0_SCENARIOS, type L0Scenario } from './scenarios.ts';

const FAST: Observation = {
  due: 1000,
  right: 1000,
  seconds: { p25: 0.001, p50: 0.001, p75: 0.001, p95: 0, p99: 0.002 },
};

function roundOf(
  changed: Partial<Record<L0Scenario, Observation | null>> = {},
): Map<L0Scenario, Observation> {
  return new Map(
    L0_SCENARIOS.flatMap((name) => {
      const seen = changed[name] === undefined ? FAST : changed[name];
      return seen === null ? [] : [[name, seen] as const];
    }),
  );
}

/** What the ramp is worth with such a p99, in seconds. */
function rampAt(p99: number): number {
  const seconds = { p25: 0, p50: 0, p75: 0, p95: 0, p99 };
  return scoreOf(roundOf({ ramp_up: { ...FAST, seconds } })).parts.ramp;
}

describe('the L0 score', () => {
  it('is 100 for a gateway that does everything at once: the ramp caps nothing', () => {
    assert.ok(Math.abs(scoreOf(roundOf()).score - 100) < 1e-9);
  });

  it('is 0 when nothing was measured', () => {
    assert.equal(scoreOf(new Map()).score, 0);
  });

  it('takes a missing scenario for a failure, not for a latency of 0', () => {
    for (const scenario of L0_SCENARIOS) {
      assert.ok(scoreOf(roundOf({ [scenario]: null })).score < 97, scenario);
    }
    assert.equal(scoreOf(roundOf({ sequential: null })).parts.base, 0);
  });

  it('gives nothing for the speed of wrong answers', () => {
    const refused = { ...FAST, right: 0 };
    const everything = Object.fromEntries(L0_SCENARIOS.map((name) => [name, refused]));
    assert.equal(scoreOf(roundOf(everything)).score, 0);
    assert.equal(scoreOf(roundOf({ burst_50: { ...FAST, right: 980 } })).parts.burst_50, 0);
  });

  it('counts no request both as availability and as error', () => {
    const calm = scoreOf(roundOf({ sequential: { ...FAST, right: 500 } })).parts;
    assert.ok(calm.availability < 100);
    assert.equal(calm.error, 100);
    const pressed = scoreOf(roundOf({ burst_100: { ...FAST, right: 500 } })).parts;
    assert.equal(pressed.availability, 100);
    assert.ok(pressed.error < 100);
  });

  it('halves the ramp at the most when it is late', () => {
    assert.equal(rampAt(2), 100);
    assert.equal(rampAt(4), 75);
    assert.equal(rampAt(100), 50);
  });

  it('stays within 0 and 100, and never rises with latency', () => {
    const seconds = fc.double({ min: 0, max: 60, noNaN: true });
    fc.assert(
      fc.property(seconds, seconds, fc.integer({ min: 0, max: 1000 }), (one, other, right) => {
        const at = (p95: number): number =>
          scoreOf(
            roundOf({
              burst_50: {
                due: 1000,
                right,
                seconds: { p25: 0, p50: p95, p75: p95, p95, p99: p95 },
              },
            }),
          ).score;
        const [less, more] = one < other ? [one, other] : [other, one];
        assert.ok(at(more) >= 0 && at(less) <= 100 + 1e-9);
        assert.ok(at(more) <= at(less) + 1e-9);
      }),
    );
  });
});
