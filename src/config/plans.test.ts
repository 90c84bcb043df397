/** What a configuration may say of plans. @module */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { parseConfig } from './load.ts';
import { formatProblem } from './problem.ts';
import type { Model } from './schema.ts';

const load = (written: Readonly<Record<string, unknown>>) =>
  parseConfig(JSON.stringify({ version: 1, ...written }), {
    file: 'f',
    baseDir: '/etc/gw',
    env: {},
  });

function problemsOf(written: Readonly<Record<string, unknown>>): string {
  const loaded = load(written);
  return loaded.ok ? '' : loaded.problems.map((problem) => formatProblem(problem)).join('\n');
}

function modelOf(written: Readonly<Record<string, unknown>>): Model {
  const loaded = load(written);
  assert.ok(loaded.ok, problemsOf(written));
  return loaded.model;
}

const quota = (more: object = {}) => ({ requests: 5, per: 'day', ...more });
const plans = (...quotas: unknown[]) => ({ plans: { gold: { quotas } } });

describe('a plan', () => {
  it('that is named must be there, wherever it is named', () => {
    const known = plans(quota());
    const meant = /unknown plan "glod" \(did you mean "gold"\?\)/;
    assert.match(problemsOf({ ...known, defaultPlan: 'glod' }), meant);
    assert.match(problemsOf({ ...known, tenants: { acme: { plan: 'glod' } } }), meant);
    assert.match(problemsOf({ ...known, consumers: { a: { plan: 'glod' } } }), meant);
    assert.equal(problemsOf({ ...known, defaultPlan: 'gold' }), '');
    assert.match(
      problemsOf({ defaultPlan: 'gold' }),
      /unknown plan "gold": there are none under plans/,
    );
  });

  it('has quotas that can be told apart', () => {
    assert.match(
      problemsOf(plans(quota(), quota({ requests: 9, timeZone: 'Europe/Berlin' }))),
      /plans\.gold\.quotas\[1\]: quotas\[0\] is per day by consumer already/,
    );
    assert.equal(problemsOf(plans(quota(), quota({ by: 'tenant' }), quota({ per: 'hour' }))), '');
  });

  it('counts in a calendar that there is', () => {
    assert.match(problemsOf(plans(quota({ timeZone: 'Europe/Berlln' }))), /not a time zone/);
    assert.match(problemsOf(plans(quota({ timeZone: '+02:00' }))), /not a time zone/);
    assert.match(problemsOf(plans(quota({ per: 'week' }))), /per/);
    assert.match(problemsOf(plans(quota({ requests: 0 }))), /requests/);
  });

  it('brings the changes of the clocks it names, and a place to count in', () => {
    const model = modelOf(plans(quota({ timeZone: 'Europe/Berlin' }), quota({ per: 'hour' })));
    assert.deepEqual(Object.keys(model.zones), ['Europe/Berlin']);
    assert.ok((model.zones['Europe/Berlin']?.length ?? 0) > 10);
    assert.equal(model.quotas?.path, '/etc/gw/quotas/counters');
  });

  it('without quotas needs none', () => {
    const rated = { plans: { rated: { rateLimit: { requests: 5, windowMs: 1000 } } } };
    assert.equal(modelOf(rated).quotas, null);
    assert.equal(modelOf({}).quotas, null);
    assert.equal(modelOf(rated).plans['rated']?.rateLimit?.burst, 5);
  });
});
