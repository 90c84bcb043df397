/** The budget, and what was spent of it. @module */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';

import { PROJECT } from '../place.ts';
import { type Budget, compareWithBudget, readBudget } from './budget.ts';

const FILE = join(PROJECT, 'bench/gate/budget.json');

function verdictOf(line: { max: number; tolerance: number }, spent: number | undefined): string {
  const reason = 'because it is so';
  const budget: Budget = {
    about: '',
    requests: 10_000,
    lines: [{ count: 'uws.x', reason, ...line }],
  };
  const counts: Record<string, number> = spent === undefined ? {} : { 'uws.x': spent };
  const { rows, verdict } = compareWithBudget(budget, { counts, skipped: [] });
  assert.equal(verdict === 'regress', rows[0]?.verdict === 'regress');
  return rows[0]?.verdict ?? '';
}

describe('the budget', () => {
  it('of the repository is one, with a reason for every line and no line twice', () => {
    const { lines } = readBudget(FILE);
    assert.equal(new Set(lines.map(({ count }) => count)).size, lines.length);
    assert.ok(lines.some(({ count, max }) => count === 'uws.crossings' && max === 10_000));
  });

  it('is exact where nothing is tolerated', () => {
    assert.equal(verdictOf({ max: 10_000, tolerance: 0 }, 10_000), 'pass');
    assert.equal(verdictOf({ max: 10_000, tolerance: 0 }, 10_001), 'regress');
    assert.equal(verdictOf({ max: 0, tolerance: 0 }, 1), 'regress');
  });

  it('tolerates what it says', () => {
    assert.equal(verdictOf({ max: 1000, tolerance: 0.05 }, 1050), 'pass');
    assert.equal(verdictOf({ max: 1000, tolerance: 0.05 }, 1051), 'regress');
  });

  it('says where it has become too large', () => {
    assert.equal(verdictOf({ max: 1000, tolerance: 0.05 }, 800), 'room');
  });

  it('does not count what was not counted', () => {
    assert.equal(verdictOf({ max: 1000, tolerance: 0 }, undefined), 'skipped');
  });

  it('that lacks a reason is none', () => {
    const folder = mkdtempSync(join(tmpdir(), 'stoa-gate-budget-'));
    const file = join(folder, 'budget.json');
    const line = { count: 'uws.x', max: 1, tolerance: 0, reason: '' };
    writeFileSync(file, JSON.stringify({ about: '', requests: 10_000, lines: [line] }));
    assert.throws(() => readBudget(file), /lines\[0\]\.reason/);
    rmSync(folder, { recursive: true });
  });
});
