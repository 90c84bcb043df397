import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';

import { playsOf, SCENARIO_PLAYS } from '../scenarios/catalog.ts';
import { type Counted, estimatePlan } from './estimate.ts';
import { loadPlan, parsePlan } from '../plan/load.ts';
import type { Plan } from '../plan/schema.ts';

/** From dist/arena/plan. */
const PLANS = join(import.meta.dirname, '../../../arena/plans');

function planOf(text: string): Plan {
  const loaded = parsePlan(`version: 1\nname: p\ntargets: [nginx]\n${text}`, 'p');
  assert.ok(loaded.ok, JSON.stringify(loaded));
  return loaded.value;
}

function shipped(name: string): Plan {
  const loaded = loadPlan(join(PLANS, `${name}.yaml`));
  assert.ok(loaded.ok);
  return loaded.value;
}

const ONE: Counted = { adapter: 'process', tiers: 2, plays: [] };
const LOADS =
  'bodies: [0, 1]\nloads: [{ capacity: { seconds: 1 } }, { rate: { perS: 1, seconds: 2 } }]';

describe('an estimate', () => {
  it('counts starts, blocks and scenarios', () => {
    const plan = planOf(`${LOADS}\nrounds: 5\ntiers: [pass, key]\nscenarioRounds: 2`);
    const { turns, blocks, scenarios } = estimatePlan(plan, [
      ONE,
      { ...ONE, plays: [SCENARIO_PLAYS.churn] },
    ]);
    assert.deepEqual({ turns, blocks, scenarios }, { turns: 20, blocks: 80, scenarios: 2 });
  });

  it('is at least as long as all windows are, and the most is more', () => {
    const plan = planOf(`${LOADS}\nrounds: 5`);
    const { usualS, mostS } = estimatePlan(plan, [ONE]);
    const windowsS = 5 * ONE.tiers * 2 * 3;
    assert.ok(usualS > windowsS, `${usualS}`);
    assert.ok(mostS > usualS, `${mostS}`);
  });

  it('grows with rounds, and nothing that can be had takes no time', () => {
    const of = (rounds: number): number => {
      return estimatePlan(planOf(`${LOADS}\nrounds: ${rounds}`), [ONE]).usualS;
    };
    assert.ok(of(6) > of(5));
    assert.equal(estimatePlan(planOf(LOADS), []).mostS, 0);
  });
});

describe('the shipped plans', () => {
  const local: Counted = {
    adapter: 'process',
    tiers: 3,
    plays: playsOf(shipped('scheduled'), ['churn', 'slow-clients', 'reload', 'upstream-kill']),
  };
  const direct: Counted = {
    adapter: 'url',
    tiers: 1,
    plays: playsOf(shipped('scheduled'), ['churn', 'slow-clients']),
  };
  const seven = [direct, ...Array.from({ length: 7 }, () => local)];

  it('quick takes less than ten minutes for all targets of one machine, warm or not', () => {
    const { mostS } = estimatePlan(
      shipped('quick'),
      seven.map((one) => ({ ...one, plays: playsOf(shipped('quick'), []) })),
    );
    assert.ok(mostS < 600, `${mostS} s`);
    assert.ok(shipped('quick').rounds >= 4);
  });

  it('scheduled takes less than twenty', () => {
    const { usualS } = estimatePlan(shipped('scheduled'), seven);
    assert.ok(usualS < 1150, `${usualS} s`);
  });
});
