import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';

import { seeded } from '../statistics/random.ts';
import { comparePairs, ranksOf } from './comparison.ts';
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
          assert.ok(Math.abs(pair.ratio.median * back.ratio.median - 1) < 1e-9);
          assert.ok(Math.abs(pair.ratio.low * back.ratio.high - 1) < 1e-9);
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

  it('that differ much are told apart in three rounds, and in two are not', () => {
    const three = comparePairs([seriesOf('a', [13, 13.2, 12.9]), seriesOf('b', [80, 82, 79])], 1);
    assert.ok(three.every(({ differs }) => differs));
    const two = comparePairs([seriesOf('a', [13, 13.9]), seriesOf('b', [17, 16.1])], 1);
    assert.ok(two.every(({ differs }) => !differs));
  });

  it('are not parted by one wild round', () => {
    const costs = [10, 10.1, 9.9, 10, 10.1, 9.9, 10, 10.1];
    const wild = costs.map((us, at) => (at === 3 ? us * 50 : us * (1 + (at % 2) / 100 - 0.005)));
    assert.ok(
      comparePairs([seriesOf('a', costs), seriesOf('b', wild)], 1).every((pair) => !pair.differs),
    );
  });

  for (const count of [3, 4, 10]) {
    it(`of four equal targets are all tied in about 95 % of tables of ${count} rounds, heavy tails or not`, () => {
      for (const tail of [1, 6]) {
        const random = seeded(count * 10 + tail);
        let parted = 0;
        for (let table = 0; table < 300; table += 1) {
          const series = ['a', 'b', 'c', 'd'].map((name) =>
            seriesOf(
              name,
              Array.from({ length: count }, () => {
                const odd = random() < 0.1 ? tail : 1;
                return 15 * Math.exp((random() + random() + random() - 1.5) * 0.03 * odd);
              }),
            ),
          );
          if (comparePairs(series, 1).some(({ differs }) => differs)) parted += 1;
        }
        // 5 % of 300, and as much more as chance brings once in a hundred times.
        assert.ok(parted <= 24, `${parted} of 300 with tail ${tail}`);
      }
    });
  }
});
