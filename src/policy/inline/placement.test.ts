/** Where the next evaluation runs, by what those before it have cost. @module */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';

import { COST_MAX_US, Placement, SAMPLES } from './placement.ts';

function costs(count: number, tell: () => void): void {
  for (let left = count; left > 0; left -= 1) tell();
}

describe('by auto, a policy', () => {
  it('starts in the pool, and comes here when enough evaluations there were cheap', () => {
    const placement = new Placement('auto');
    costs(SAMPLES - 1, () => placement.costPooled(5, 0));
    assert.equal(placement.isInline(0), false);
    placement.costPooled(5, 0);
    assert.equal(placement.isInline(0), true);
  });

  it('stays in the pool while it costs more', () => {
    const placement = new Placement('auto');
    costs(10 * SAMPLES, () => placement.costPooled(COST_MAX_US + 1, 0));
    assert.equal(placement.isInline(0), false);
  });

  it('comes here in spite of a single bad moment', () => {
    const placement = new Placement('auto');
    placement.costPooled(5_000_000, 0);
    costs(SAMPLES - 1, () => placement.costPooled(5, 0));
    assert.equal(placement.isInline(0), true);
  });

  it('goes back when its cost rises, and is not asked for a while', () => {
    const placement = new Placement('auto');
    costs(SAMPLES, () => placement.costPooled(5, 0));
    costs(SAMPLES, () => placement.costInline(COST_MAX_US + 1, 0));
    assert.equal(placement.isInline(0), false);
    costs(SAMPLES, () => placement.costPooled(5, 999));
    assert.equal(placement.isInline(999), false);
    costs(SAMPLES, () => placement.costPooled(5, 1000));
    assert.equal(placement.isInline(1000), true);
  });

  it('never stays here for longer than so many cheap ones may take, whatever they cost', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 10_000, noNaN: true })), (each) => {
        const placement = new Placement('auto');
        costs(SAMPLES, () => placement.costPooled(0, 0));
        let spentUs = 0;
        for (const us of each) {
          if (!placement.isInline(0)) break;
          placement.costInline(us, 0);
          spentUs += Math.min(us, 200);
        }
        const left = placement.isInline(0);
        return left ? spentUs <= (each.length / SAMPLES + 1) * SAMPLES * COST_MAX_US : true;
      }),
    );
  });
});

describe('a policy that gave no answer here', () => {
  for (const evaluate of ['auto', 'inline'] as const) {
    it(`goes to the pool for a second, then for twice as long, by ${evaluate}`, () => {
      const placement = new Placement(evaluate);
      const cheap = (nowMs: number): void => costs(SAMPLES, () => placement.costPooled(0, nowMs));
      cheap(0);
      assert.equal(placement.isInline(0), true);
      placement.failedInline(0);
      assert.equal(placement.isInline(999), false);
      cheap(1000);
      assert.equal(placement.isInline(1000), true);
      placement.failedInline(1000);
      cheap(2999);
      assert.equal(placement.isInline(2999), false);
      cheap(3000);
      assert.equal(placement.isInline(3000), true);
    });

    it(`is forgiven when it was here for a minute, by ${evaluate}`, () => {
      const placement = new Placement(evaluate);
      costs(SAMPLES, () => placement.costPooled(0, 0));
      assert.equal(placement.isInline(0), true);
      placement.failedInline(0);
      costs(SAMPLES, () => placement.costPooled(0, 1000));
      assert.equal(placement.isInline(1000), true);
      placement.failedInline(61_000);
      costs(SAMPLES, () => placement.costPooled(0, 62_000));
      assert.equal(placement.isInline(62_000), true);
    });
  }

  it('is away for a minute at most', () => {
    const placement = new Placement('inline');
    let nowMs = 0;
    for (let failures = 0; failures < 20; failures += 1) {
      assert.equal(placement.isInline(nowMs), true, `${failures} failures`);
      placement.failedInline(nowMs);
      nowMs += 60_000;
    }
  });
});

it('by inline, a policy stays here whatever it costs', () => {
  const placement = new Placement('inline');
  costs(10 * SAMPLES, () => placement.costInline(900, 0));
  assert.equal(placement.isInline(0), true);
});
