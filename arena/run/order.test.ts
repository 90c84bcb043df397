import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';

import type { PlannedLoad } from '../plan/schema.ts';
import type { Tier } from '../tiers/tiers.ts';
import { newSeed, turnsOf } from './order.ts';

const CAPACITY: PlannedLoad = { capacity: { connections: 1, seconds: 1 } };
const RATE: PlannedLoad = {
  rate: { perS: 5, connections: 1, seconds: 1, arrivals: 'poisson' },
};
const PLAN = { bodies: [0, 1024], loads: [CAPACITY, RATE] };
const TIERS: readonly Tier[] = ['pass', 'key', 'full'];
const ENTRANTS = ['direct', 'stoa', 'nginx', 'haproxy', 'caddy'].map((subject) => ({
  subject,
  tiers: TIERS,
}));

const seed = fc.nat({ max: 2 ** 32 - 1 });
const round = fc.integer({ min: 1, max: 1000 });
const namesOf = (turns: ReturnType<typeof turnsOf<string>>): string[] =>
  turns.map(({ subject, tier }) => `${subject} ${tier}`);

describe('the order of a round', () => {
  it('is the same for the same seed, blocks and arrivals with it', () => {
    fc.assert(
      fc.property(seed, round, (from, number) => {
        const when = { round: number, seed: from };
        assert.deepEqual(turnsOf(PLAN, ENTRANTS, when), turnsOf(PLAN, ENTRANTS, when));
      }),
    );
  });

  it('has every target in every tier once, one target after the other, with every block', () => {
    fc.assert(
      fc.property(seed, round, (from, number) => {
        const turns = turnsOf(PLAN, ENTRANTS, { round: number, seed: from });
        const expected = ENTRANTS.flatMap(({ subject }) =>
          TIERS.map((tier) => `${subject} ${tier}`),
        );
        assert.deepEqual(namesOf(turns).toSorted(), expected.toSorted());
        const changes = turns.filter(({ subject }, at) => subject !== turns[at - 1]?.subject);
        assert.equal(changes.length, ENTRANTS.length);
        for (const { blocks } of turns) assert.equal(new Set(blocks).size, 4);
      }),
    );
  });

  it('differs from round to round and from seed to seed', () => {
    const orders = new Set<string>();
    for (let number = 1; number <= 10; number += 1) {
      for (const from of [1, 2, 3]) {
        orders.add(namesOf(turnsOf(PLAN, ENTRANTS, { round: number, seed: from })).join());
      }
    }
    assert.ok(orders.size > 25, `${orders.size} orders of 30`);
  });

  it('puts each target first about as often as any other', () => {
    const first = new Map<string, number>();
    for (let number = 1; number <= 1000; number += 1) {
      const name = turnsOf(PLAN, ENTRANTS, { round: number, seed: 42 })[0]?.subject ?? '';
      first.set(name, (first.get(name) ?? 0) + 1);
    }
    // 200 expected each; five standard deviations are 63.
    for (const [name, count] of first) assert.ok(count > 137 && count < 263, `${name}: ${count}`);
    assert.equal(first.size, ENTRANTS.length);
  });

  it('leaves out what is not to be measured', () => {
    const [one] = ENTRANTS;
    assert.ok(one !== undefined);
    assert.deepEqual(turnsOf(PLAN, [{ ...one, tiers: [] }], { round: 1, seed: 1 }), []);
  });
});

describe('a new seed', () => {
  it('is one that a plan can name', () => {
    for (let count = 0; count < 100; count += 1) {
      const drawn = newSeed();
      assert.ok(Number.isInteger(drawn) && drawn >= 0 && drawn < 2 ** 32);
    }
  });
});
