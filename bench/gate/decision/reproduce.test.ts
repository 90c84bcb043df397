import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { decide } from './decide.ts';
import { reproduced, suspects } from './reproduce.ts';
import { syntheticRounds } from './synthetic.ts';
import type { Cell, Verdict } from './verdict.ts';

function verdictOf(effect: number, seed: number, only?: readonly Cell[]): Verdict {
  const scene = {
    seed,
    noise: 'normal',
    deviation: 0.01,
    effect,
    rounds: 16,
    scenarios: 1,
  } as const;
  const narrowed = only === undefined ? {} : { only };
  return decide({ seed, rounds: syntheticRounds(scene), design: { resamples: 100 }, ...narrowed });
}

const CPU: Cell = { scenario: 'scenario-1', metric: 'cpuUsPerRequest' };

describe('the repetition of a regression', () => {
  it('blocks when both runs call the same cell one', () => {
    const first = verdictOf(0.06, 1);
    assert.deepEqual(suspects(first), [CPU]);
    const both = reproduced(first, verdictOf(0.06, 2, suspects(first)));
    assert.deepEqual([both.outcome, both.exitCode, both.cells], ['regress', 1, [CPU]]);
  });

  it('does not block when the second run passes, and says so', () => {
    const { outcome, exitCode, reasons } = reproduced(verdictOf(0.06, 1), verdictOf(0, 2));
    assert.deepEqual([outcome, exitCode], ['inconclusive', 75]);
    assert.deepEqual(reasons, ['a regression did not reproduce: the second run says pass']);
  });

  it('does not block when the second run finds another cell', () => {
    const first = verdictOf(0.06, 1);
    const cells = first.cells.map((cell) => ({
      ...cell,
      outcome: cell.metric === 'p99' ? ('regress' as const) : ('pass' as const),
    }));
    assert.equal(reproduced(first, { ...first, seed: 2, cells }).outcome, 'inconclusive');
  });

  it('is void when the second run is', () => {
    const first = verdictOf(0.06, 1);
    const second: Verdict = { ...first, seed: 2, outcome: 'void', reasons: ['steal'] };
    const { outcome, exitCode, reasons } = reproduced(first, second);
    assert.deepEqual([outcome, exitCode, reasons], ['void', 78, ['steal']]);
  });

  it('is of a regression, and of two runs', () => {
    assert.deepEqual(suspects(verdictOf(0, 1)), []);
    assert.throws(() => reproduced(verdictOf(0, 1), verdictOf(0, 2)), /only a regression/);
    const first = verdictOf(0.06, 1);
    assert.throws(() => reproduced(first, first), /both runs have the seed 1/);
  });
});
