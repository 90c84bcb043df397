/** Head's instructions beside base's. @module */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import fc from 'fast-check';

import { compareInstructions } from './instructions.ts';

const counted = (instructions: Record<string, number>) => ({
  instructions,
  program: 'head' as const,
});

function verdicts(base: Record<string, number>, head: Record<string, number>) {
  const { rows, verdict } = compareInstructions(counted(base), counted(head));
  return { verdict, rows: Object.fromEntries(rows.map((row) => [row.scenario, row.verdict])) };
}

describe('instructions', () => {
  it('may grow by 2 % in one scenario and no more', () => {
    const base = { one: 1000, two: 1000, three: 1000 };
    assert.equal(verdicts(base, { ...base, one: 1019 }).verdict, 'pass');
    const { verdict, rows } = verdicts(base, { ...base, one: 1021 });
    assert.deepEqual([verdict, rows['one'], rows['two']], ['regress', 'regress', 'pass']);
  });

  it('may grow by 1 % in the geometric mean and no more', () => {
    const base = { one: 1000, two: 1000 };
    assert.equal(verdicts(base, { one: 1009, two: 1009 }).verdict, 'pass');
    const { verdict, rows } = verdicts(base, { one: 1015, two: 1015 });
    assert.deepEqual(
      [verdict, rows['one'], rows['geometric mean']],
      ['regress', 'pass', 'regress'],
    );
  });

  it('of a scenario that only one has decide nothing', () => {
    const { verdict, rows } = verdicts({ one: 1000, old: 1 }, { one: 1000, more: 9_000_000 });
    assert.deepEqual([verdict, rows['old'], rows['more']], ['pass', 'gone', 'new']);
    assert.equal(verdicts({}, { one: 1 }).verdict, 'pass');
  });

  it('tell better where they would tell worse with the sides swapped', () => {
    const count = fc.integer({ min: 100, max: 1_000_000 });
    fc.assert(
      fc.property(count, fc.double({ min: 0.5, max: 2, noNaN: true }), (base, factor) => {
        const there = verdicts({ one: base }, { one: base * factor }).rows['one'];
        const back = verdicts({ one: base * factor }, { one: base }).rows['one'];
        assert.equal(there === 'regress' && back === 'regress', false);
        if (Math.abs(Math.log(factor)) > 0.03) {
          assert.equal(there === 'regress' ? back : there, 'improve');
        }
      }),
    );
  });
});
