import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';

import { comparePairs, ranksOf, roundsNeeded } from './comparison.ts';
import type { Sample, Series } from './series.ts';

function seriesOf(target: string, costsUs: readonly number[]): Series {
  const samples = costsUs.map(
    (cpuUs, at): Sample => ({
      round: at + 1,
      cpuUs,
      requestsPerS: 1,
      coresUsed: null,
      memoryBytes: null,
      latency: () => {
        throw new Error('is not asked for');
      },
    }),
  );
  return { target, samples, voided: [], bound: { rounds: 0, why: [] } };
}

const cost = fc.double({ min: 1, max: 1000, noNaN: true });
const rounds = fc.array(fc.tuple(cost, cost, cost), { minLength: 1, maxLength: 14 });

describe('pairs of a table', () => {
  it('say the same from both sides', () => {
    fc.assert(
      fc.property(rounds, (values) => {
        const series = ['a', 'b', 'c'].map((name, at) =>
          seriesOf(
            name,
            values.map((row) => row[at] ?? 1),
          ),
        );
        const pairs = comparePairs(series, 1);
        for (const pair of pairs) {
          const back = pairs.find((one) => one.target === pair.other && one.other === pair.target);
          assert.ok(back);
          assert.equal(pair.differs, back.differs);
          assert.ok(Math.abs(pair.cheaper + back.cheaper - 1) < 1e-9);
          if (pair.ratio.count % 2 === 1) {
            assert.ok(Math.abs(pair.ratio.median * back.ratio.median - 1) < 1e-9);
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it('rank every target in places that together are 1 to their number', () => {
    fc.assert(
      fc.property(rounds, (values) => {
        const names = ['a', 'b', 'c'];
        const series = names.map((name, at) =>
          seriesOf(
            name,
            values.map((row) => row[at] ?? 1),
          ),
        );
        const ranks = [...ranksOf(names, comparePairs(series, 1)).values()];
        assert.equal(ranks.length, 3);
        for (const { from, to, tiedWith } of ranks) {
          assert.ok(from >= 1 && to <= 3 && to - from === tiedWith.length);
        }
        assert.ok(ranks.some(({ from }) => from === 1));
      }),
      { numRuns: 60 },
    );
  });

  it('leave out rounds in which one of them does not count', () => {
    const [pair] = comparePairs([seriesOf('a', [1, 2, 3]), seriesOf('b', [2])], 1);
    assert.equal(pair?.ratio.count, 1);
    assert.equal(pair.ratio.median, 0.5);
  });

  it('can all be told apart from as many rounds as are said to be needed', () => {
    for (const targets of [2, 6]) {
      const count = roundsNeeded(targets);
      const costs = Array.from({ length: count }, (_, at) => 10 + at);
      const series = Array.from({ length: targets }, (_, at) =>
        seriesOf(
          `t${at}`,
          costs.map((value, round) => value * (1 + at * (0.1 + round / 1000))),
        ),
      );
      assert.ok(comparePairs(series, 1).every(({ differs }) => differs));
      const fewer = series.map((one) => ({ ...one, samples: one.samples.slice(1) }));
      assert.ok(comparePairs(fewer, 1).every(({ differs }) => !differs));
    }
  });
});
