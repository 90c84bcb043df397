/** What 10 000 scripted requests cost this checkout. @module */

import assert from 'node:assert/strict';
import { it } from 'node:test';

import { join } from 'node:path';

import { PROJECT } from '../place.ts';
import { compareWithBudget, readBudget } from './budget.ts';
import { runScripted } from './scripted.ts';

it('this checkout keeps to the budget', async () => {
  const scripted = await runScripted({ commit: 'this checkout', folder: PROJECT });
  const budget = readBudget(join(PROJECT, 'bench/gate/budget.json'));
  const { rows } = compareWithBudget(budget, scripted);
  assert.deepEqual(
    rows.filter(({ verdict }) => verdict === 'regress'),
    [],
  );
  assert.equal(scripted.counts['uws.crossings'], 10_000);
  assert.equal(scripted.counts['native.crossings'], 0);
  if (scripted.skipped.length === 0) {
    assert.equal(rows.filter(({ verdict }) => verdict === 'skipped').length, 0);
  }
});
