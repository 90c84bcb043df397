import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { ResultRecord } from '../../results/records.ts';
import { fixture } from '../fixture.ts';
import { SMALL_PLAN } from '../fixture-plan.ts';
import { comparisonText } from './command.ts';
import { type Comparison, compareRuns, METRICS, verdictOf } from './model.ts';

const PLAN = { ...SMALL_PLAN, tiers: ['pass'] as const, flawEvery: 0, scenarios: false };
const BEFORE = fixture(PLAN);

function verdictsOf({ cells }: Comparison, name: string): string[] {
  return cells.flatMap(({ rows }) =>
    rows.flatMap(({ changes }) =>
      changes.filter(({ metric }) => metric.name === name).map(({ verdict }) => verdict),
    ),
  );
}

const unique = (values: readonly string[]): string[] => [...new Set(values)];

describe('a comparison of two runs', () => {
  it('finds a run the same as itself', () => {
    const comparison = compareRuns(BEFORE, BEFORE);
    assert.deepEqual(comparison.warnings, []);
    assert.deepEqual(unique(verdictsOf(comparison, 'cpuUs')), ['same']);
  });

  it('finds what costs a tenth more worse, and the other way round better', () => {
    const slower = fixture({ ...PLAN, day: 15, drift: 1.1 });
    assert.deepEqual(unique(verdictsOf(compareRuns(BEFORE, slower), 'cpuUs')), ['worse']);
    assert.deepEqual(unique(verdictsOf(compareRuns(slower, BEFORE), 'cpuUs')), ['better']);
  });

  it('knows nothing from fewer than six rounds', () => {
    const few = fixture({ ...PLAN, rounds: 5, drift: 1.5 });
    assert.deepEqual(unique(verdictsOf(compareRuns(BEFORE, few), 'cpuUs')), ['unknown']);
  });

  it('takes more requests a second for better', () => {
    const metric = METRICS.find(({ name }) => name === 'requestsPerS');
    assert.ok(metric);
    assert.equal(verdictOf(metric, { median: 1.2, low: 1.1, high: 1.3, count: 9 }), 'better');
    assert.equal(verdictOf(metric, { median: 0.8, low: 0.7, high: 0.9, count: 9 }), 'worse');
    assert.equal(verdictOf(metric, { median: 1.1, low: 0.9, high: 1.3, count: 9 }), 'unknown');
  });

  it('warns of another machine, plan, version and configuration', () => {
    const other = BEFORE.map((record): ResultRecord => {
      if (record.kind === 'run') {
        return {
          ...record,
          machine: { ...record.machine, fingerprint: '0'.repeat(64) },
          plan: { ...record.plan, sha256: '0'.repeat(64) },
        };
      }
      if (record.kind === 'target' && record.target === 'nginx') return { ...record, version: '2' };
      if (record.kind === 'config' && record.target === 'stoa') {
        return { ...record, sha256: '0'.repeat(64) };
      }
      return record;
    });
    const { warnings } = compareRuns(BEFORE, other);
    for (const said of [
      /machines differ/,
      /plans differ/,
      /nginx was 1.22.1 and is 2/,
      /differ of stoa, tier pass/,
    ]) {
      assert.ok(
        warnings.some((warning) => said.test(warning)),
        `${said}`,
      );
    }
  });

  it('tells a result that is gone, and one that is new', () => {
    const without = BEFORE.filter((one) => one.kind !== 'block' || one.target !== 'caddy');
    const screen = { color: false, width: 120 };
    assert.match(
      comparisonText(compareRuns(BEFORE, without), screen),
      /Caddy +has no result any more/,
    );
    assert.match(
      comparisonText(compareRuns(without, BEFORE), screen),
      /Caddy +had no result before/,
    );
  });
});
