import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';

import { Contributions, GRACE_MS } from './contributions.ts';

const amountOf = (key: string, amount: number, windowStartMs = 0) => {
  return { key, windowStartMs, windowEndMs: windowStartMs + 60_000, amount };
};

function sum(of: ReadonlyMap<string, number>): number {
  return [...of.values()].reduce((all, one) => all + one, 0);
}

describe('contributions', () => {
  it('add up to what was admitted, whatever is told, lost or let go', () => {
    const step = fc.record({
      key: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
      admitted: fc.nat(5),
      told: fc.constantFrom('all', 'sent but not heard', 'nothing'),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const contributions = new Contributions('gateway', 3);
        const admitted = new Map<string, number>();
        const acknowledged = new Map<string, number>();
        const fields = new Map<string, number>();
        const tell = (heard: boolean) => {
          contributions.prune(0);
          for (const [key, amount] of admitted) {
            const pending = amount - (acknowledged.get(key) ?? 0);
            if (pending > 0) contributions.observe(amountOf(key, pending));
          }
          for (const entry of contributions.due(100, 0)) {
            const field = `${entry.key} ${entry.field}`;
            fields.set(field, Math.max(fields.get(field) ?? 0, entry.amount));
            if (!heard) continue;
            const more = entry.amount - entry.settled;
            acknowledged.set(entry.key, (acknowledged.get(entry.key) ?? 0) + more);
            entry.settled = entry.amount;
            entry.due = false;
          }
        };
        for (const { key, admitted: more, told } of steps) {
          admitted.set(key, (admitted.get(key) ?? 0) + more);
          if (told !== 'nothing') tell(told === 'all');
        }
        for (let round = 0; round < 3; round += 1) tell(true);
        assert.equal(sum(fields), sum(admitted));
      }),
    );
  });

  it('are told first where something is new, and then in turns', () => {
    const contributions = new Contributions('gateway', 100);
    for (let at = 0; at < 10; at += 1) contributions.observe(amountOf(`key ${at}`, 1));
    for (const entry of contributions.due(100, 0)) entry.due = false;
    contributions.observe(amountOf('key 7', 1));
    const seen = new Set<string>();
    for (let round = 0; round < 4; round += 1) {
      const chosen = contributions.due(100, 3);
      assert.equal(chosen[0]?.key, 'key 7');
      assert.equal(chosen.length, 4);
      for (const { key } of chosen) seen.add(key);
    }
    assert.equal(seen.size, 10);
    assert.equal(contributions.due(2, 3).length, 2);
  });

  it('are forgotten a while after their window', () => {
    const contributions = new Contributions('gateway', 100);
    contributions.observe(amountOf('old', 1));
    contributions.observe(amountOf('new', 1, 60_000));
    contributions.prune(60_000 + GRACE_MS);
    assert.deepEqual(
      contributions.due(100, 100).map(({ key }) => key),
      ['new'],
    );
  });

  it('let nothing go that was not told, and take no more when full of that', () => {
    const contributions = new Contributions('gateway', 2);
    assert.ok(contributions.observe(amountOf('a', 1)));
    assert.ok(contributions.observe(amountOf('b', 1)));
    assert.equal(contributions.observe(amountOf('c', 1)), false);
    assert.ok(contributions.observe(amountOf('a', 2)), 'what is known has its place');
    contributions.prune(0);
    const [first] = contributions.due(1, 0);
    if (first !== undefined) first.due = false;
    assert.ok(contributions.observe(amountOf('c', 1)));
    assert.equal(contributions.size, 2);
  });
});
